/** `greenpin check` as a process, between a GitHub and a registry on loopback. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createCliBed, GIT_REPOSITORY } from './cli-bed.ts';

const COMMIT = 'a1'.repeat(20);

test.concurrent('all well: exit status 0, and how each was reached', async () => {
  await using bed = await createCliBed();
  bed.build(COMMIT);
  const { status, stdout, stderr } = await bed.run(['check']);
  expect([status, stderr]).toEqual([0, '']);
  expect(bed.stable(stdout).replaceAll(/ {2,}/g, '  ')).toBe(`greenpin.yaml: valid, 1 project

ok  ci github  acme/shop  sees the workflow runs of acme/shop
ok  registry  REGISTRY/acme/shop-front
  can be read with the credentials from registries.REGISTRY in the configuration
ok  registry  REGISTRY/acme/shop-back
  can be read with the credentials from registries.REGISTRY in the configuration

3 ok, 0 warnings, 0 failed
`);
});

test.concurrent('warnings: exit status 0, and what to do about them', async () => {
  await using bed = await createCliBed({ open: true });
  const images = { front: `${bed.registry.host}/acme/shop-front:{branch}` };
  bed.configure({ projects: { shop: { repository: GIT_REPOSITORY, images } } });
  const { status, stdout } = await bed.run(['check']);
  expect(status).toBe(0);
  expect(bed.stable(stdout)).toMatch(
    /^warning +registry +REGISTRY\/acme\/shop-front +the registry does not know this image\n +hint: before the first push this is normal; otherwise check projects\.shop\.images\.front$/m,
  );
  expect(bed.stable(stdout)).toMatch(/^warning +tag +REGISTRY\/acme\/shop-front:\{branch\}\n +it can move/m);
  expect(stdout).toMatch(/\n1 ok, 2 warnings, 0 failed\n$/);
});

describe('a probe that fails: exit status 1, with a reason and a hint, and the others are told as well', () => {
  test.concurrent('wrong credentials', async () => {
    await using bed = await createCliBed();
    bed.replaceSecret('github');
    bed.replaceSecret('password');
    const { status, stdout, stderr } = await bed.run(['check']);
    expect([status, stderr]).toEqual([1, '']);
    const words = bed.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain(
      'failed ci github acme/shop GITHUB does not accept the token of connection "github": it is wrong, expired or revoked ' +
        'hint: the token is the one in the file github; it takes "Actions: read" on acme/shop',
    );
    expect(words).toContain(
      'failed registry REGISTRY/acme/shop-front REGISTRY denies access to REGISTRY/acme/shop-front with the credentials from ' +
        'registries.REGISTRY in the configuration: they are wrong or expired, or they may not pull this image hint: ',
    );
    expect(words).toContain('0 ok, 0 warnings, 3 failed');
  });

  test.concurrent('a missing permission', async () => {
    await using bed = await createCliBed();
    bed.build(COMMIT);
    const body = JSON.stringify({ message: 'Resource not accessible by personal access token' });
    bed.github.fault({ kind: 'status', status: 403, body, headers: { 'content-type': 'application/json' } });
    const { status, stdout } = await bed.run(['check']);
    expect(status).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'denies the workflow runs of acme/shop to connection "github": it needs "Actions: read"',
    );
    expect(stdout).toMatch(/\n2 ok, 0 warnings, 1 failed\n$/);
  });

  test.concurrent('an unknown repository, and no route', async () => {
    await using bed = await createCliBed();
    const images = { front: '127.0.0.1:1/acme/shop-front:{commit}' };
    bed.configure({ projects: { shop: { repository: 'acme/shap', images } } });
    const { status, stdout } = await bed.run(['check']);
    expect(status).toBe(1);
    const words = bed.stable(stdout).replaceAll(/\s+/g, ' ');
    expect(words).toContain('GITHUB does not know the workflow runs of acme/shap, or hides it');
    expect(words).toContain('hint: check projects.shop.repository;');
    expect(words).toContain(
      '127.0.0.1:1 refuses connections hint: check host, port and certificate (an authority of your own goes into caFile); ' +
        'without TLS it takes registries["127.0.0.1:1"].http: true',
    );
  });
});

test.concurrent('probes run side by side: each upstream answers once the other was asked', async () => {
  await using bed = await createCliBed({ open: true });
  bed.build(COMMIT);
  const githubAsked = asked(() => bed.github.requests.length > 0);
  const registryAsked = asked(() => bed.registry.requests.length > 1);
  bed.github.fault({ kind: 'wait', until: registryAsked });
  bed.registry.fault({ kind: 'wait', until: githubAsked });
  expect(await bed.run(['check'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('3 ok, 0 warnings, 0 failed'),
  });
});

async function asked(happened: () => boolean): Promise<void> {
  while (!happened()) await delay(10);
}

describe('an upstream that hangs', () => {
  test.concurrent('is told, and does not keep the others back', async () => {
    await using bed = await createCliBed();
    bed.build(COMMIT);
    bed.github.fault({ kind: 'hang' });
    const { status, stdout } = await bed.run(['check']);
    expect(status).toBe(1);
    expect(bed.stable(stdout)).toMatch(/^failed +ci github +acme\/shop +GITHUB did not answer in time$/m);
    expect(stdout).toMatch(/\n2 ok, 0 warnings, 1 failed\n$/);
  });

  test.concurrent(
    'in many calls, none of which takes too long by itself, is given up at server.deadline',
    async () => {
      await using bed = await createCliBed();
      bed.build(COMMIT);
      // Challenge, token, HEAD and GET: 2.4 seconds, of a deadline of 2.
      bed.registry.fault({
        kind: 'wait',
        get until() {
          return delay(600);
        },
      });
      const { status, stdout } = await bed.run(['check']);
      expect(status).toBe(1);
      const timeouts = bed.stable(stdout).match(/REGISTRY did not answer within server\.deadline/g);
      expect(timeouts).toHaveLength(2);
      expect(stdout).toMatch(/\n1 ok, 0 warnings, 2 failed\n$/);
    },
  );
});

test.concurrent('secrets that are missing or empty are told, whether or not a probe needs them', async () => {
  await using bed = await createCliBed();
  bed.build(COMMIT);
  bed.write('token', '\n');
  rmSync(join(bed.folder, 'password'));
  const { status, stdout } = await bed.run(['check']);
  expect(status).toBe(1);
  const words = bed.stable(stdout).replaceAll(/\s+/g, ' ');
  expect(words).toContain('failed file server.tokenFile the secret file token is empty');
  expect(words).toContain(
    'failed file registries["REGISTRY"].passwordFile found nothing at "password", expected a file',
  );
  expect(stdout).toMatch(/\n1 ok, 0 warnings, 4 failed\n$/);
});

test.concurrent('an upstream that repeats what it was shown gets nothing of it onto the screen', async () => {
  await using bed = await createCliBed();
  const echo = JSON.stringify({
    message: 'Bearer ECHO \u001b[2J',
    errors: [{ code: 'DENIED', message: 'Basic ECHO \u001b[2J' }],
  });
  bed.github.fault({
    kind: 'status',
    status: 403,
    body: echo,
    headers: { 'content-type': 'application/json' },
  });
  bed.registry.fault({ kind: 'status', status: 403, body: echo });
  const { status, stdout } = await bed.run(['check']);
  expect(status).toBe(1);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/ECHO|\p{Cc}/u);
});

test.concurrent(
  'a configuration that is not valid: exit status 2, one line a problem, and nothing is probed',
  async () => {
    await using bed = await createCliBed();
    bed.configure({ freshFor: 'soon', store: { kind: 'disk' } });
    const { status, stdout, stderr } = await bed.run(['check']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^greenpin: greenpin\.yaml:1:\d+ freshFor: found "soon", expected /),
      expect.stringMatching(/^greenpin: greenpin\.yaml:1:\d+ store\.kind: found "disk", expected /),
      '',
    ]);
    expect([...bed.github.requests, ...bed.registry.requests]).toEqual([]);
  },
);
