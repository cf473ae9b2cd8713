/**
 * Checks the schemas for GitHub's answers against GitHub's OpenAPI description
 * (test/fixtures/github/extract.ts).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { githubWorkflowSchema, parseWorkflowPage } from '../../src/ci/github/inspector.ts';
import { parsePullRequest } from '../../src/ci/github/pull-request.ts';
import { githubRunSchema, parseRun, parseRunPage } from '../../src/ci/github/schema.ts';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';

interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

type Raw = Record<string, unknown>;

interface Examples {
  'workflow-run-paginated': { workflow_runs: Raw[] };
  'workflow-run': Raw;
  'pull-request': { head: Raw; base: Raw };
  'workflow-paginated': Raw;
}

const HOST = 'api.github.com';
const examples = load('examples.json') as Examples;
const schemas = load('schemas.json') as Record<string, Schema>;
const run = examples['workflow-run'];

function load(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/github/${file}`, import.meta.url), 'utf8'));
}

function schemaOf(...path: string[]): Schema {
  const [name = '', ...fields] = path;
  const found = fields.reduce<Schema | undefined>((at, field) => at?.properties?.[field], schemas[name]);
  if (found === undefined) throw new Error(`GitHub no longer describes ${path.join('.')}`);
  return found;
}

/** Every field that Greenpin reads, with the type that its schema expects. */
const RUN_FIELDS: [string, string][] = [
  ['id', 'integer'],
  ['run_number', 'integer'],
  ['run_attempt', 'integer'],
  ['path', 'string'],
  ['workflow_id', 'integer'],
  ['head_branch', 'string'],
  ['head_sha', 'string'],
  ['event', 'string'],
  ['status', 'string'],
  ['conclusion', 'string'],
  ['html_url', 'string'],
  ['created_at', 'string'],
  ['updated_at', 'string'],
  ['run_started_at', 'string'],
  ['head_commit', 'object'],
  ['repository', 'object'],
  ['head_repository', 'object'],
];

describe("GitHub's example of a list of runs", () => {
  it('is read, its head repository as foreign and its path without the ref', () => {
    const { total, runs, unread } = parseRunPage(examples['workflow-run-paginated'], HOST);
    expect(examples['workflow-run-paginated'].workflow_runs[0]?.['path']).toBe(
      '.github/workflows/build.yml@main',
    );
    expect([total, unread]).toEqual([1, []]);
    expect(runs).toEqual([
      {
        id: '30433642',
        number: '562',
        attempt: 1,
        workflow: '.github/workflows/build.yml',
        workflowId: '159038',
        branch: 'master',
        pullRequest: null,
        refKind: 'unknown',
        commit: 'acb5820ced9479c074f688cc328bf03f341a511d',
        builtCommit: 'acb5820ced9479c074f688cc328bf03f341a511d',
        event: 'push',
        state: 'running',
        outcome: 'queued',
        headRepositoryId: '217723378',
        origin: 'foreign',
        mayPush: true,
        url: 'https://github.com/octo-org/octo-repo/actions/runs/30433642',
        position: Date.parse('2020-01-22T19:33:08Z'),
        tie: '00000000000030433642',
        createdAt: Date.parse('2020-01-22T19:33:08Z'),
        startedAt: Date.parse('2020-01-22T19:33:08Z'),
        updatedAt: Date.parse('2020-01-22T19:33:08Z'),
        committedAt: Date.parse('2020-01-22T19:33:05Z'),
      },
    ]);
  });
});

describe("GitHub's example of a run", () => {
  it('is read', () => {
    expect(parseRun(run, HOST)).toMatchObject({
      id: String(run['id']),
      branch: run['head_branch'],
      origin: 'foreign',
    });
  });
});

describe("GitHub's example of a pull request", () => {
  it('is read', () => {
    expect(parsePullRequest(examples['pull-request'], HOST, (time) => time)).toMatchObject({
      kind: 'known',
      origin: 'own',
    });
  });

  it.each(['head', 'base'])('has its repository where we read it: %s', (side) => {
    expect(schemaOf('pull-request', side, 'repo', 'id').type).toBe('integer');
    expect(schemaOf('pull-request', side).required).toContain('repo');
  });
});

describe("GitHub's example of a list of workflows", () => {
  it('is read', () => {
    expect(parseWorkflowPage(examples['workflow-paginated'], HOST)).toEqual({
      total: 2,
      workflows: [
        { path: '.github/workflows/blank.yaml', disabled: null },
        { path: '.github/workflows/linter.yaml', disabled: null },
      ],
    });
  });

  it.each(Object.keys(githubWorkflowSchema.shape))('has %s in each, a string', (field) => {
    expect(schemaOf('workflow', field)).toEqual({ type: 'string' });
    expect(schemaOf('workflow').required).toContain(field);
  });
});

describe("GitHub's description of a run", () => {
  it('is compared in every field that is read', () => {
    expect(RUN_FIELDS.map(([field]) => field).toSorted()).toEqual(
      Object.keys(githubRunSchema.shape).toSorted(),
    );
  });

  it.each(RUN_FIELDS)('gives %s the type %s', (field, type) => {
    expect(schemaOf('workflow-run', field).type).toBe(type);
  });

  it.each([
    ['repository', 'id', 'integer'],
    ['head_repository', 'id', 'integer'],
    ['head_commit', 'timestamp', 'string'],
  ])('gives %s.%s the type %s, always there', (object, field, type) => {
    expect(schemaOf('workflow-run', object, field).type).toBe(type);
    expect(schemaOf('workflow-run', object).required).toContain(field);
  });

  const nullable = RUN_FIELDS.map(([field]) => field).filter(
    (field) => schemaOf('workflow-run', field).nullable,
  );
  const optional = RUN_FIELDS.map(([field]) => field).filter(
    (field) => !schemaOf('workflow-run').required?.includes(field),
  );

  it('lets some fields be null and some be missing, or the next tests would test nothing', () => {
    expect(nullable).toContain('head_branch');
    expect(optional).toContain('run_attempt');
  });

  it.each(nullable)('lets %s be null, and so do we', (field) => {
    expect(parseRun({ ...run, [field]: null }, HOST)).toHaveProperty('id');
  });

  it.each(optional)('lets %s be missing, and so do we', (field) => {
    const rest = Object.fromEntries(Object.entries(run).filter(([name]) => name !== field));
    expect(parseRun(rest, HOST)).toHaveProperty('id');
  });
});

describe('the fake GitHub of our tests', () => {
  it('has no field that GitHub does not describe, and those that are read in the same types', async () => {
    const github = await createFakeGitHub();
    const fake = github.addRun('acme/shop');
    await github.close();
    expect(parseRun(fake, HOST)).toMatchObject({ id: String(fake.id), state: 'success', origin: 'own' });
    expect(Object.keys(schemaOf('workflow-run').properties ?? {})).toEqual(
      expect.arrayContaining(Object.keys(fake)),
    );
  });
});
