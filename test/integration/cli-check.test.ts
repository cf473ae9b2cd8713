/** `greenpin check` as a process, between a GitHub and a registry on loopback. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createCliHarness, GIT_REPOSITORY } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);

test.concurrent('everything ok: exit status 0, and how each connection was made', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  const image = (name: string) => `${harness.registry.host}/acme/shop-${name}:sha-{commit}`;
  const images = { front: image('front'), back: image('back') };
  harness.configure({ projects: { shop: { repository: GIT_REPOSITORY, images } } });
  const { status, stdout, stderr } = await harness.run(['check']);
  expect([status, stderr]).toEqual([0, '']);
  expect(harness.stable(stdout).replaceAll(/ {2,}/g, '  ')).toBe(`greenpin.yaml: valid, 1 project

ok  store sqlite  greenpin.db  does not exist yet; serve will create it
ok  ci github  acme/shop  sees the workflow runs of acme/shop
ok  ci github  acme/shop  may read pull requests
ok  registry  REGISTRY/acme/shop-front
  readable with the credentials from registries.REGISTRY in the configuration
ok  registry  REGISTRY/acme/shop-back
  readable with the credentials from registries.REGISTRY in the configuration

5 ok, 0 warnings, 0 failed
`);
});

test.concurrent('warnings: exit status 0, and what to do about them', async () => {
  await using harness = await createCliHarness({ open: true });
  const images = { front: `${harness.registry.host}/acme/shop-front:{branch}` };
  harness.configure({ projects: { shop: { repository: GIT_REPOSITORY, images } } });
  const { status, stdout } = await harness.run(['check']);
  expect(status).toBe(0);
  expect(harness.stable(stdout)).toMatch(
    /^warning +registry +REGISTRY\/acme\/shop-front\s+the registry does not know this repository\n +hint: normal before the first push; otherwise check projects\.shop\.images\.front$/m,
  );
  expect(harness.stable(stdout)).toMatch(
    /^warning +tag +REGISTRY\/acme\/shop-front:\{branch\}\n +this tag is mutable/m,
  );
  expect(stdout).toMatch(/\n3 ok, 2 warnings, 0 failed\n$/);
});

test.concurrent('branches that yield the same tag are a warning', async () => {
  await using harness = await createCliHarness({ open: true });
  harness.build(COMMIT, { head_branch: 'feature/x' });
  harness.build('b2'.repeat(20), { head_branch: 'feature-x' });
  const images = { front: `${harness.registry.host}/acme/shop-front:{branch}` };
  harness.configure({ projects: { shop: { repository: GIT_REPOSITORY, images } } });
  const { status, stdout } = await harness.run(['check']);
  expect(status).toBe(0);
  expect(harness.stable(stdout).replaceAll(/\s+/g, ' ')).toContain(
    'warning tag REGISTRY/acme/shop-front:{branch} branches feature-x and feature/x have the same tag (projects.shop.images.front)',
  );
});

test.concurrent(
  'pull requests that may not be read, and a workflow that CI does not know, are warnings',
  async () => {
    await using harness = await createCliHarness({ denied: /\/pulls$/ });
    harness.build(COMMIT);
    const workflows = ['.github/workflows/biuld.yml'];
    const images = { front: `${harness.registry.host}/acme/shop-front:sha-{commit:7}` };
    harness.configure({ projects: { shop: { repository: GIT_REPOSITORY, workflows, images } } });
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(0);
    const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain('warning ci github acme/shop GITHUB denies the pull requests of acme/shop');
    expect(words).toContain('hint: give the credentials "Pull requests: read"');
    expect(words).toContain('CI knows no workflow .github/workflows/biuld.yml (projects.shop.workflows)');
    expect(words).toContain('did you mean .github/workflows/build.yml?');
  },
);

test.concurrent(
  'a store that serve has open is not disturbed, and a missing one is not created',
  async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    await harness.run(['check']);
    expect(existsSync(join(harness.folder, 'greenpin.db'))).toBe(false);
    const served = harness.start(['serve']);
    await served.seen('stderr', /"listening"/);
    const { stdout } = await harness.run(['check']);
    expect(stdout).toMatch(/^ok +store sqlite +greenpin\.db +readable and writable$/m);
    served.child.kill('SIGTERM');
    const { status, stderr } = await served.ended;
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('"warn"')]);
  },
);

test.concurrent(
  'an invalid docker configuration file is reported once for each image, in the table only',
  async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    harness.write('config.json', 'no JSON');
    harness.configure({ registries: {}, dockerConfigFiles: ['config.json'] });
    const { stdout, stderr } = await harness.run(['check']);
    expect(stderr).toBe('');
    expect(stdout.replaceAll(/\s+/g, ' ').match(/config\.json is not a JSON object/g)).toHaveLength(2);
  },
);

test.concurrent('ignored keys of a docker configuration file are reported below the table', async () => {
  await using harness = await createCliHarness({ open: true });
  harness.build(COMMIT);
  harness.write('config.json', JSON.stringify({ credHelpers: { 'gcr.io': 'gcloud' } }));
  harness.configure({ dockerConfigFiles: ['config.json'] });
  for (const args of [['check'], ['resolve', '-b', 'feature']]) {
    const { status, stderr } = await harness.run(args);
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^greenpin: config\.json, credHelpers\["gcr\.io"\] is ignored: .*\n$/),
    ]);
  }
});

describe('a probe that fails: exit status 1, with a reason, a hint and the results of the others', () => {
  test.concurrent('wrong credentials', async () => {
    await using harness = await createCliHarness();
    harness.replaceSecret('github');
    harness.replaceSecret('password');
    const { status, stdout, stderr } = await harness.run(['check']);
    expect([status, stderr]).toEqual([1, '']);
    const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain(
      'failed ci github acme/shop GITHUB does not accept the token of connection "github": it is wrong, expired or revoked ' +
        'hint: the token comes from the file github; it needs "Actions: read" (classic token: the scope repo)',
    );
    expect(words).toContain(
      'failed registry REGISTRY/acme/shop-front REGISTRY denies access to REGISTRY/acme/shop-front with the credentials from ' +
        'registries.REGISTRY in the configuration: they are wrong or expired, or they may not pull this image hint: ',
    );
    expect(words).toContain('1 ok, 2 warnings, 3 failed');
  });

  test.concurrent('a missing permission', async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    const body = JSON.stringify({ message: 'Resource not accessible by personal access token' });
    harness.github.fault({
      kind: 'status',
      status: 403,
      body,
      headers: { 'content-type': 'application/json' },
    });
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'denies the workflow runs of acme/shop to connection "github": it needs "Actions: read"',
    );
    expect(stdout).toMatch(/\n3 ok, 2 warnings, 1 failed\n$/);
  });

  test.concurrent('an unknown host name: the message does not mention certificates', async () => {
    await using harness = await createCliHarness();
    const images = { front: 'nowhere.invalid/acme/shop-front:{commit}' };
    harness.configure({
      connections: { github: { kind: 'github', url: 'https://nowhere.invalid', tokenFile: 'github' } },
      registries: {},
      projects: { shop: { repository: GIT_REPOSITORY, images } },
    });
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(1);
    const words = stdout.replaceAll(/\s+/g, ' ');
    const detail =
      /the name nowhere\.invalid cannot be resolved \((?:ENOTFOUND|EAI_AGAIN)\) hint: check the spelling in /g;
    expect(words.match(detail)).toHaveLength(2);
    expect(words).not.toMatch(/caFile|http: true/);
  });

  test.concurrent('a store that cannot be used', async () => {
    await using harness = await createCliHarness();
    harness.build(COMMIT);
    harness.write('greenpin.db', 'somebody wants this');
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'failed store sqlite greenpin.db found a file that is not a database at "greenpin.db", expected',
    );
  });

  test.concurrent('an unknown repository, and no route', async () => {
    await using harness = await createCliHarness();
    const images = { front: '127.0.0.1:1/acme/shop-front:{commit}' };
    harness.configure({ projects: { shop: { repository: 'acme/shap', images } } });
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(1);
    const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain('GITHUB does not know the workflow runs of acme/shap, or hides it');
    expect(words).toContain('hint: check projects.shop.repository, connections.github.url');
    expect(words).toContain(
      '127.0.0.1:1 refuses connections hint: nothing listens there, or a firewall rejects the connection: check host and port in ' +
        'projects.shop.images.front',
    );
  });
});

test.concurrent('probes run in parallel: each upstream answers once the other has been called', async () => {
  await using harness = await createCliHarness({ open: true });
  harness.build(COMMIT);
  const githubAsked = asked(() => harness.github.requests.length > 0);
  const registryAsked = asked(() => harness.registry.requests.length > 1);
  harness.github.fault({ kind: 'wait', until: registryAsked });
  harness.registry.fault({ kind: 'wait', until: githubAsked });
  expect(await harness.run(['check'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('5 ok, 2 warnings, 0 failed'),
  });
});

async function asked(happened: () => boolean): Promise<void> {
  while (!happened()) await delay(10);
}

describe('an upstream that hangs', () => {
  test.concurrent('is reported, and does not delay the others', async () => {
    await using harness = await createCliHarness({ deadline: '6s' });
    harness.build(COMMIT);
    harness.github.fault({ kind: 'hang' });
    const { status, stdout } = await harness.run(['check']);
    expect(status).toBe(1);
    expect(harness.stable(stdout)).toMatch(/^failed +ci github +acme\/shop +GITHUB did not answer in time$/m);
    expect(stdout).toMatch(/\n3 ok, 2 warnings, 1 failed\n$/);
  });

  test.concurrent(
    'in many calls, none of which takes too long by itself, is given up at server.deadline',
    async () => {
      await using harness = await createCliHarness({ deadline: '6s' });
      harness.build(COMMIT);
      // Challenge, token, HEAD and GET: 7.2 seconds, of a deadline of 6.
      harness.registry.fault({
        kind: 'wait',
        get until() {
          return delay(1800);
        },
      });
      const { status, stdout } = await harness.run(['check']);
      expect(status).toBe(1);
      const timeouts = harness.stable(stdout).match(/REGISTRY did not answer within server\.deadline/g);
      expect(timeouts).toHaveLength(2);
      expect(stdout).toMatch(/\n3 ok, 2 warnings, 2 failed\n$/);
    },
  );
});

test.concurrent('missing or empty secrets are reported, whether or not a probe needs them', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  harness.write('token', '\n');
  rmSync(join(harness.folder, 'password'));
  const { status, stdout } = await harness.run(['check']);
  expect(status).toBe(1);
  const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
  expect(words).toContain('failed file server.tokenFile the secret file token is empty');
  expect(words).toContain(
    'failed file registries["REGISTRY"].passwordFile found nothing at "password", expected a file',
  );
  expect(stdout).toMatch(/\n3 ok, 2 warnings, 4 failed\n$/);
});

test.concurrent("oddities of the callers' token are reported without the token", async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  const token = 'a0b1c2d3e4f5a6b7c8d9e0f1';
  for (const [text, warnings, failures, told] of [
    [
      `${token}\n${token} ${token}\n`,
      3,
      0,
      'warning file server.tokenFile line 2: the token contains spaces or invisible',
    ],
    [`"${token}"\n`, 3, 0, 'warning file server.tokenFile line 1: the token is in quotes'],
    ['\u0001\n', 2, 1, 'failed file server.tokenFile line 1: found control characters'],
    [`${token}\r\n\n`, 2, 0, '0 failed'],
  ] as const) {
    harness.write('token', text);
    const { status, stdout } = await harness.run(['check']);
    const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain(told);
    expect(words).not.toContain(token);
    expect([words.endsWith(`5 ok, ${warnings} warnings, ${failures} failed `), status]).toEqual([
      true,
      failures,
    ]);
  }
});

test.concurrent('an upstream that echoes a secret does not get it onto the screen', async () => {
  await using harness = await createCliHarness();
  const echo = JSON.stringify({
    message: 'Bearer ECHO \u001b[2J',
    errors: [{ code: 'DENIED', message: 'Basic ECHO \u001b[2J' }],
  });
  harness.github.fault({
    kind: 'status',
    status: 403,
    body: echo,
    headers: { 'content-type': 'application/json' },
  });
  harness.registry.fault({ kind: 'status', status: 403, body: echo });
  const { status, stdout } = await harness.run(['check']);
  expect(status).toBe(1);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/ECHO|\p{Cc}/u);
});

test.concurrent(
  'a configuration that is not valid: exit status 2, one line a problem, and nothing is probed',
  async () => {
    await using harness = await createCliHarness();
    harness.configure({ freshFor: 'soon', store: { kind: 'disk' } });
    const { status, stdout, stderr } = await harness.run(['check']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^greenpin: greenpin\.yaml:1:\d+ freshFor: found "soon", expected /),
      expect.stringMatching(/^greenpin: greenpin\.yaml:1:\d+ store\.kind: found "disk", expected /),
      '',
    ]);
    expect([...harness.github.requests, ...harness.registry.requests]).toEqual([]);
  },
);

test.concurrent('statuses that may not be read fail; one that no commit has is a warning', async () => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  harness.github.setStatus(GIT_REPOSITORY, COMMIT, 'sonarqube', 'success');
  harness.github.setCheckRun(GIT_REPOSITORY, COMMIT, 'security/scan');
  const images = { front: `${harness.registry.host}/acme/shop-front:sha-{commit}` };
  const statuses = ['sonarcube', 'security/*', 'licence'];
  harness.configure({ projects: { shop: { repository: GIT_REPOSITORY, statuses, images } } });
  const first = await harness.run(['check']);
  const words = harness.stable(first.stdout).replaceAll(/\s+/g, ' ');
  expect(first.status).toBe(0);
  expect(words).toContain('ok ci github acme/shop may read statuses and checks');
  expect(words).toContain(
    'no status or check sonarcube on the newest commit (projects.shop.statuses) hint: did you mean sonarqube?',
  );
  expect(words).toContain('They have security/scan, sonarqube.');
  expect(words).not.toContain('check security/*');
  harness.github.fault({ kind: 'status', status: 403 }, { path: /check-runs/ });
  const second = await harness.run(['check']);
  expect(second.status).toBe(1);
  expect(harness.stable(second.stdout).replaceAll(/\s+/g, ' ')).toContain('it needs "Checks: read"');
});

test.concurrent('builds: statuses needs the pushes, and no runs', async () => {
  await using harness = await createCliHarness({ denied: /actions\/runs/ });
  harness.github.push(GIT_REPOSITORY, 'refs/heads/main', COMMIT);
  harness.github.setStatus(GIT_REPOSITORY, COMMIT, 'drone', 'success');
  const images = { front: `${harness.registry.host}/acme/shop-front:sha-{commit}` };
  const project = {
    repository: GIT_REPOSITORY,
    builds: 'statuses',
    statuses: ['drone'],
    forks: true,
    images,
  };
  harness.configure({ projects: { shop: project } });
  const { status, stdout } = await harness.run(['check']);
  const words = harness.stable(stdout).replaceAll(/\s+/g, ' ');
  expect(status).toBe(0);
  expect(words).toContain('ok ci github acme/shop sees the pushes of acme/shop');
  expect(words).toContain('ok ci github acme/shop may read statuses and checks');
  expect(words).toContain('projects.shop.forks no effect: with builds: statuses, forks have no builds');
  expect(words).not.toContain('workflow runs');
});
