/**
 * Checks the schemas for GitHub's statuses, check runs and pushes against GitHub's OpenAPI description
 * (test/fixtures/github/extract.ts).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { githubActivitySchema, githubBranchSchema } from '../../src/ci/github/push-log.ts';
import {
  githubCheckRunSchema,
  githubStatusSchema,
  parseCheckRunPage,
  parseStatusPage,
} from '../../src/ci/github/statuses.ts';

interface Schema {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

const HOST = 'api.github.com';
const examples = load('examples.json');
const schemas = load('schemas.json') as Record<string, Schema>;

function load(file: string): Record<string, unknown> {
  const text = readFileSync(new URL(`../fixtures/github/${file}`, import.meta.url), 'utf8');
  return JSON.parse(text) as Record<string, unknown>;
}

describe("GitHub's example of", () => {
  it('statuses is read', () => {
    expect(parseStatusPage(examples['combined-commit-status'], HOST)).toMatchObject({
      total: 2,
      statuses: [
        ['1', { context: 'continuous-integration/jenkins', state: 'success' }],
        ['2', { context: 'security/brakeman', url: 'https://ci.example.com/2000/output' }],
      ],
    });
  });

  it('check runs is read, a neutral one as no success', () => {
    expect(parseCheckRunPage(examples['check-run-paginated'], HOST)).toMatchObject({
      total: 1,
      statuses: [['4', { context: 'mighty_readme', state: 'unsuccessful', outcome: 'neutral' }]],
    });
  });

  it('a branch is read', () => {
    expect(githubBranchSchema.parse(examples['branch-get'])).toMatchObject({ name: 'main' });
  });
});

describe("GitHub's description of", () => {
  it.each([
    ['simple-commit-status', githubStatusSchema.shape],
    ['check-run', githubCheckRunSchema.shape],
    ['activity', githubActivitySchema.shape],
    ['branch-with-protection', githubBranchSchema.shape],
  ])('%s has every field that is read, always', (name, shape) => {
    expect(schemas[name]?.required).toEqual(expect.arrayContaining(Object.keys(shape)));
  });

  it.each([
    ['simple-commit-status', 'state', false],
    ['check-run', 'status', false],
    ['check-run', 'conclusion', true],
  ])('%s says %s as text (null: %s)', (name, field, nullable) => {
    const { type, nullable: isNullable = false } = schemas[name]?.properties?.[field] ?? {};
    expect([type, isNullable]).toEqual(['string', nullable]);
  });
});
