import { describe, expect, test } from 'vitest';
import { describePullRequests, describeWorkflows } from '../../../../src/cli/check/ci.ts';
import { listProjects } from '../../../../src/cli/check/places.ts';
import type { CiConnection } from '../../../../src/ci/kind.ts';
import type { Config } from '../../../../src/config/config.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { UpstreamFailure } from '../../../../src/errors.ts';

const CONFIG: Config = loadConfig({
  file: 'greenpin.yaml',
  readFile: () => `
connections:
  github: {kind: github}
  other: {kind: github}
projects:
  shop: {ci: github, repository: acme/shop, workflows: [.github/workflows/biuld.yml], images: {a: "r.test/a:{commit}"}}
  docs: {ci: github, repository: acme/shop, workflows: [.github/workflows/docs.yml], images: {a: "r.test/a:{commit}"}}
  any: {ci: github, repository: acme/shop, images: {a: "r.test/a:{commit}"}}
  far: {ci: other, repository: acme/shop, workflows: [.github/workflows/docs.yml], images: {a: "r.test/a:{commit}"}}
`,
  env: {},
});
const CONNECTION: CiConnection = {
  name: 'github',
  kind: 'github',
  url: 'https://api.github.com',
  auth: { kind: 'token', source: { env: 'GITHUB_TOKEN' } },
};
const PLACE = { target: 'acme/shop', keys: ['projects.shop.repository'] };
const PROJECTS = listProjects(CONFIG, 'github', 'acme/shop');

function failure(kind: UpstreamFailure['kind']): UpstreamFailure {
  return { kind, host: 'api.github.com', message: 'the message' };
}

function found(seen: Parameters<typeof describeWorkflows>[3]) {
  return describeWorkflows(CONNECTION, PLACE, PROJECTS, seen);
}

test('projects are those of the connection and the repository', () => {
  expect(PROJECTS.map(({ name }) => name)).toEqual(['shop', 'docs', 'any']);
});

describe('workflows', () => {
  const build = { path: '.github/workflows/build.yml', disabled: null };
  const docs = { path: '.github/workflows/docs.yml', disabled: null };

  test('that CI does not know are told, with what was meant and the key', () => {
    expect(found([build, docs])).toEqual([
      {
        level: 'warning',
        subject: 'ci github',
        target: 'acme/shop',
        detail: 'CI knows no workflow .github/workflows/biuld.yml (projects.shop.workflows)',
        hint: expect.stringContaining('did you mean .github/workflows/build.yml?'),
      },
    ]);
  });

  test('that are switched off are told: no new commit is green without them', () => {
    const off = { ...docs, disabled: 'disabled_inactivity' };
    expect(found([{ ...build, path: '.github/workflows/biuld.yml' }, off])).toEqual([
      expect.objectContaining({
        level: 'warning',
        detail:
          '.github/workflows/docs.yml is disabled in CI (disabled_inactivity) (projects.docs.workflows)',
      }),
    ]);
  });

  test('that are too many to compare with say nothing', () => {
    expect(found(undefined)).toEqual([]);
  });

  test('that cannot be asked for are a failure', () => {
    expect(found(failure('unavailable'))).toEqual([
      expect.objectContaining({ level: 'failed', detail: 'the message' }),
    ]);
  });
});

describe('pull requests', () => {
  test('that may be read are told', () => {
    expect(describePullRequests(CONNECTION, PLACE, undefined)).toEqual({
      level: 'ok',
      subject: 'ci github',
      target: 'acme/shop',
      detail: 'may read pull requests',
    });
  });

  test.each(['denied', 'not_found'] as const)(
    'that may not (%s) are a warning: one can do without',
    (kind) => {
      expect(describePullRequests(CONNECTION, PLACE, failure(kind))).toMatchObject({
        level: 'warning',
        detail: 'the message',
        hint: expect.stringContaining('"Pull requests: read"'),
      });
    },
  );

  test('that could not be asked for are a failure', () => {
    expect(describePullRequests(CONNECTION, PLACE, failure('unavailable')).level).toBe('failed');
  });
});
