/** `greenpin check` of each kind, over HTTP, against servers that are not what the configuration says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { check } from '../../../../src/cli/check/check.ts';
import type { Finding } from '../../../../src/cli/check/findings.ts';
import type { Reply } from '../../../../src/cli/demo/loopback-server.ts';
import { createFakeServer } from '../../../fixtures/fake-server.ts';

interface Kind {
  readonly project: object;
  readonly connection?: object;
  /** The key that names what cannot be found. */
  readonly key: string;
  /** The permission in the kind's own words, as a 403 shows it. */
  readonly permission: string;
  /** Where the API is, as the hint says it. */
  readonly address: string;
}

const REPOSITORY = { repository: 'acme/shop' };
const BY_REPOSITORY = { project: REPOSITORY, key: 'projects.shop.repository' };
const BY_JOB = { project: { ...REPOSITORY, workflows: ['acme/shop'] }, key: 'projects.shop.workflows' };
const FORGE = { ...BY_REPOSITORY, permission: "its user may not read the repository's code or Actions" };

const KINDS: Readonly<Record<string, Kind>> = {
  github: {
    ...BY_REPOSITORY,
    permission: 'it needs "Actions: read"',
    address: 'of GitHub Enterprise: https://HOST/api/v3',
  },
  gitlab: {
    ...BY_REPOSITORY,
    permission: 'it needs the scope read_api and at least the role Reporter',
    address: 'of a self-managed GitLab: https://HOST',
  },
  gitea: { ...FORGE, address: 'https://gitea.example.com' },
  forgejo: { ...FORGE, address: 'https://forgejo.example.com' },
  'azure-devops': {
    ...BY_REPOSITORY,
    project: { repository: 'acme/shop/front' },
    permission: 'it needs "Code (Read)"',
    address: 'of Azure DevOps Server, without the collection: https://HOST',
  },
  bitbucket: {
    ...BY_REPOSITORY,
    permission: 'it needs the scope "pipeline" (access token) or "read:pipeline:bitbucket" (API token)',
    address: 'https://api.bitbucket.org',
  },
  'bitbucket-server': {
    ...BY_REPOSITORY,
    project: { repository: 'SHOP/front', builds: 'statuses', statuses: ['build'] },
    permission: 'it needs "Repository read"',
    address: 'https://HOST, with the context path if there is one',
  },
  jenkins: {
    ...BY_JOB,
    connection: { username: 'bot' },
    permission: 'it needs "Overall/Read" and "Job/Read"',
    address: 'the instance with its context path: https://HOST/jenkins',
  },
  buildkite: { ...BY_JOB, permission: 'it needs "read_builds"', address: 'https://api.buildkite.com' },
  circleci: {
    ...BY_JOB,
    project: { ...REPOSITORY, workflows: ['gh/acme/shop'] },
    permission: 'it needs a user with read access',
    address: 'of a CircleCI server: https://HOST',
  },
  woodpecker: {
    ...BY_REPOSITORY,
    permission: 'it needs read access',
    address: 'the server with its root path, without /api',
  },
};

const NAMES = Object.keys(KINDS);
const WITHOUT_HOST = new Set(['jenkins', 'buildkite', 'circleci', 'woodpecker']);

function kindOf(name: string): Kind {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

function json(status: number, value: unknown): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json' }, body };
}

function page(status: number, title: string): Reply {
  const body = Buffer.from(`<!DOCTYPE html><title>${title}</title>`);
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function redirect(location: string): Reply {
  return { status: 302, headers: { location }, body: Buffer.alloc(0) };
}

const stopSignal = () => new AbortController().signal;

/** @returns the findings about the connection, with HOST for the server */
async function findingsOf(name: string, respond: (path: string) => Reply): Promise<Finding[]> {
  const { project, connection } = kindOf(name);
  const server = await createFakeServer(name, {}, (_request, url) => respond(url.pathname));
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-check-'));
  const config = join(folder, 'greenpin.yaml');
  const ci = { kind: name, url: `http://${server.host}`, tokenEnv: 'TOKEN', ...connection };
  // Its path depends on the branch, so that no registry is probed.
  const images = { front: 'registry.test/{branch}/front:{commit}' };
  writeFileSync(
    config,
    JSON.stringify({
      store: { kind: 'memory' },
      connections: { ci },
      projects: { shop: { ...project, images } },
    }),
  );
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  try {
    await check(
      { config, json: true },
      { env: { TOKEN: 'sesame' }, stdout, stderr, version: '0', stopSignal },
    );
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
  const shown = (await text(stdout.end())).replaceAll(server.host, 'HOST');
  expect(shown).not.toContain('sesame');
  const { findings } = JSON.parse(shown) as { findings: Finding[] };
  return findings.filter(({ subject }) => subject === 'ci ci');
}

/** @returns the one finding that failed */
async function failedOf(name: string, respond: (path: string) => Reply): Promise<Finding> {
  const failed = (await findingsOf(name, respond)).filter(({ level }) => level === 'failed');
  const [first] = failed;
  if (first === undefined) throw new Error('expected a failure');
  // Data Center is asked for pull requests and for branches.
  expect(failed.length).toBeLessThanOrEqual(name === 'bitbucket-server' ? 2 : 1);
  return first;
}

describe.each(NAMES)('check of %s says of', (name) => {
  const { permission, address } = kindOf(name);

  test('a token that is not accepted, where it comes from', async () => {
    const { detail, hint } = await failedOf(name, () => json(401, { message: 'Unauthorized' }));
    expect(detail).toMatch(/^HOST does not accept the token of connection "ci": /);
    expect(hint).toContain('the token comes from the environment variable TOKEN; it needs ');
  });

  test('a token without permission, which one it needs, in the words of its kind', async () => {
    const { detail, hint } = await failedOf(name, () => json(403, { message: 'Forbidden' }));
    expect(detail).toMatch(/^HOST denies .* to connection "ci": /);
    expect(detail).toContain(permission);
    expect(hint).toContain('the token comes from the environment variable TOKEN');
  });

  test.each([
    ['a page of a web interface', page(404, 'Not Found')],
    ['a text of a proxy', { ...json(404, 0), headers: {}, body: Buffer.from('404 page not found\n') }],
  ])('%s in place of the API, that the url is wrong', async (_what, reply) => {
    const { detail, hint } = await failedOf(name, () => reply);
    // Jenkins itself answers with a page, and so does Azure DevOps for an organization that does not exist.
    const isOwn = name === 'jenkins' || name === 'azure-devops';
    const said = isOwn ? /\burl\b/ : /^HOST has (?:a page in place of an API|no REST API of Bitbucket)/;
    expect(detail).toMatch(said);
    expect(hint).toContain('connections.ci.url (http://HOST)');
    expect(hint?.includes(address)).toBe(!isOwn);
  });

  test.each([
    ['at the address', () => page(200, 'Log in')],
    [
      'at the end of a redirect',
      (path: string) => (path === '/login' ? page(200, 'Log in') : redirect('/login')),
    ],
  ])('a sign-in page %s, that it is in front of the API', async (_where, respond) => {
    const { detail, hint } = await failedOf(name, respond);
    expect(detail).toBe(
      'HOST answered with a page or text in place of JSON: check the url of connection "ci", and that no sign-in page is in front of the API',
    );
    expect(hint).toContain('connections.ci.url (http://HOST)');
  });

  test('a sign-in at another host, that the token was not sent there', async () => {
    const { detail, hint } = await failedOf(name, () => redirect('https://sso.example.com/login'));
    expect(detail).toContain('HOST redirects to another origin, which Greenpin does not trust');
    expect(hint).toContain('connections.ci.url (http://HOST)');
  });

  test('another API, that this is not the one of its kind', async () => {
    const { detail, hint } = await failedOf(name, () => json(200, { resources: { core: { limit: 60 } } }));
    expect(detail).toContain("check the connection's url");
    expect(hint).toContain('connections.ci.url (http://HOST)');
  });

  test('a missing Git host, which key to add', async () => {
    const findings = await findingsOf(name, () => json(500, {}));
    const missing = findings.filter(({ detail }) => detail.includes('no connection knows its pull requests'));
    expect(missing).toHaveLength(WITHOUT_HOST.has(name) ? 1 : 0);
    for (const { level, hint } of missing) {
      expect([level, hint]).toEqual(['warning', expect.stringContaining('projects.shop.git')]);
    }
  });
});

describe('check of a server', () => {
  const missing = json(404, { errors: null, message: 'not found' });

  test.each([
    ['gitea', { version: '15.0.1+gitea-1.22.0' }, "runs Forgejo: set the connection's kind to forgejo"],
    ['forgejo', { version: '1.26.0' }, "runs Gitea: set the connection's kind to gitea"],
    ['gitea', { version: '1.22.6' }, 'upgrade it to 1.25 or later'],
    ['forgejo', { version: '11.0.1+gitea-1.22.0' }, 'upgrade it to 14.0 or later'],
  ])('of kind %s with version %o', async (name, version, remedy) => {
    const respond = (path: string) => (path === '/api/v1/version' ? json(200, version) : missing);
    const { detail, hint } = await failedOf(name, respond);
    expect(detail).toContain(remedy);
    expect(hint).toBe('is connections.ci.url (http://HOST) the server that you mean?');
  });

  test('of kind gitlab that is older than 14.6', async () => {
    const pipeline = { id: 7, sha: 'a'.repeat(40), ref: 'main', status: 'success' };
    const { detail, hint } = await failedOf('gitlab', () => json(200, [pipeline]));
    expect(detail).toContain('as GitLab does since version 14.6: upgrade it');
    expect(hint).toBe('is connections.ci.url (http://HOST) the server that you mean?');
  });

  test('of kind azure-devops that is older than 2020', async () => {
    const reply = json(400, { message: 'x', typeKey: 'VssVersionOutOfRangeException' });
    const { detail, hint } = await failedOf('azure-devops', () => reply);
    expect(detail).toContain('needs Azure DevOps Server 2020 or newer');
    expect(hint).toBe('is connections.ci.url (http://HOST) the server that you mean?');
  });

  test('that is a Gitea, of kind gitlab: Gitea shows its web interface there', async () => {
    const { detail } = await failedOf('gitlab', () => page(404, 'Page Not Found - Gitea'));
    expect(detail).toBe('HOST has a page in place of an API at the url of connection "ci": check its path');
  });
});

// Data Center's runs are pushes, so its findings are those of two calls.
test.each(NAMES.filter((name) => name !== 'bitbucket-server'))(
  'check of %s says of what is unknown each key that may be wrong',
  async (name) => {
    const { key } = kindOf(name);
    const { detail, hint } = await failedOf(name, () => json(404, { message: 'Not Found' }));
    expect(detail).toMatch(/^HOST (?:does not know|has no \w+ API)/);
    expect(hint).toContain(
      `check ${key}, connections.ci.url (http://HOST); what may not be seen looks the same`,
    );
  },
);
