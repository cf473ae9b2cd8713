/** What is denied, or answered with what makes no sense, is not asked again at once, and ever more rarely. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordCredential, type Credential } from '../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../src/image/reference.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import { createRegistryHarness, type RegistryHarness } from '../../fixtures/registry/harness.ts';
import { challenged, createImage, refused, served, token } from '../../fixtures/registry/responses.ts';
import type { DigestResult } from '../../../src/registry/registry-client.ts';

const shop = createImage(null);
const page: Answer = { status: 404, body: '<html>' };
const bearer = challenged('Bearer realm="https://auth.test/token"');
const tokenPath = '/token?scope=repository%3Aacme%2Fshop%3Apull';
const HOUR = 3_600_000;
const SECOND = 1000;

let server: ScriptedServer;
beforeEach(async () => {
  server = await createScriptedServer();
});
afterEach(() => server.close());

function expectHead(tag: string, answer: Answer, times = 1, repository = 'acme/shop'): void {
  server.expect({ method: 'HEAD', path: `/v2/${repository}/manifests/${tag}` }, answer, times);
}

function expectGet(tag: string, answer: Answer, times = 1): void {
  server.expect({ method: 'GET', path: `/v2/acme/shop/manifests/${tag}` }, answer, times);
}

function expectTags(answer: Answer, times = 1): void {
  server.expect({ method: 'GET', path: '/v2/acme/shop/tags/list' }, answer, times);
}

function ask({ client }: RegistryHarness, tag: string, repository = 'acme/shop'): Promise<DigestResult> {
  return client.resolveDigest(parseReference(`reg.test/${repository}:${tag}`));
}

/** Asks every second. @returns how many requests that took */
async function pollFor(harness: RegistryHarness, seconds: number, tags: readonly string[]): Promise<number> {
  const before = server.requests.length;
  for (let i = 0; i < seconds; i++) {
    for (const tag of tags) await ask(harness, tag);
    harness.advance(SECOND);
  }
  return server.requests.length - before;
}

const DENIALS: readonly [what: string, deny: (times: number) => void, callsEach: number][] = [
  ['401 without a way in', (times) => expectHead('1', challenged('Basic realm="x"'), times), 1],
  [
    '401 of the token service',
    (times) => {
      expectHead('1', bearer, times);
      server.expect({ method: 'GET', path: tokenPath }, { status: 401 }, 2 * times);
    },
    3,
  ],
  [
    'an invalid response of the token service',
    (times) => {
      expectHead('1', bearer, times);
      server.expect({ method: 'GET', path: tokenPath }, { body: '<html>' }, 2 * times);
    },
    3,
  ],
  [
    '403',
    (times) => {
      expectHead('1', { status: 403 }, times);
      expectGet('1', refused(403, 'DENIED'), times);
    },
    2,
  ],
];

describe.each(DENIALS)('after a %s', (_, deny, callsEach) => {
  it('the image repository is paused, with the same message for all', async () => {
    const harness = createRegistryHarness(server);
    deny(1);
    const first = await ask(harness, '1');
    const asked = server.requests.length;
    harness.advance(9999);
    expect([await ask(harness, '1'), await ask(harness, '2')]).toEqual([first, first]);
    expect(server.requests).toHaveLength(asked);
  });

  it('retries become rarer, up to every five minutes', async () => {
    const harness = createRegistryHarness(server);
    deny(100);
    // After 15, 45, 105, 225, 465 and 765 seconds, at the earliest.
    expect(await pollFor(harness, 900, ['1'])).toBeLessThanOrEqual(8 * callsEach);
    expect(await pollFor(harness, 1200, ['1'])).toBeLessThanOrEqual(5 * callsEach);
    expect(await pollFor(harness, 1200, ['1'])).toBeGreaterThan(2 * callsEach);
  });
});

describe('after a denial', () => {
  it('other image repositories are asked', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', challenged('Basic realm="x"'));
    expectHead('1', served(shop), 1, 'acme/other');
    await ask(harness, '1');
    expect(await ask(harness, '1', 'acme/other')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('another credential is tried at once', async () => {
    let credential: Credential = createPasswordCredential('bot', 'old', 'a file');
    const harness = createRegistryHarness(server, { credentialFor: async () => credential });
    expectHead('1', challenged('Basic realm="x"'), 2);
    expect(await ask(harness, '1')).toMatchObject({ failure: { kind: 'denied' } });
    credential = createPasswordCredential('bot', 'new', 'a file');
    expectHead('1', challenged('Basic realm="x"'));
    expectHead('1', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('a new credential from a cloud does not shorten the pauses', async () => {
    let count = 0;
    let credential: Credential = createPasswordCredential('bot', 'pw0', 'a cloud');
    const harness = createRegistryHarness(server, {
      credentialFor: async () => credential,
      forgetCredential: () => {
        credential = createPasswordCredential('bot', `pw${++count}`, 'a cloud');
        return true;
      },
    });
    expectHead('1', challenged('Basic realm="x"'), 1000);
    await pollFor(harness, 900, ['1']);
    expect(count).toBeLessThanOrEqual(8);
  });

  it('the pauses start over after a success', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', challenged('Basic realm="x"'));
    await ask(harness, '1');
    harness.advance(15 * SECOND);
    expectHead('1', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'found' });
    expectHead('1', challenged('Basic realm="x"'));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'failed' });
    harness.advance(15 * SECOND);
    expectHead('1', served(shop));
    expect(await ask(harness, '1')).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it('of one image, others that are readable are queried (Artifactory denies missing images)', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', served(shop), 100);
    expectHead('2', { status: 403 }, 100);
    expectGet('2', refused(403, 'DENIED'), 100);
    for (let i = 0; i < 60; i++) {
      expect(await ask(harness, '1')).toMatchObject({ kind: 'found' });
      expect(await ask(harness, '2')).toMatchObject({ failure: { kind: 'denied' } });
      harness.advance(SECOND);
    }
    expect(server.requests.filter(({ path }) => path.endsWith('/2'))).toHaveLength(2 * 3);
  });

  it('of four images in a row pauses the whole image repository', async () => {
    const harness = createRegistryHarness(server);
    expectHead('0', served(shop));
    await ask(harness, '0');
    for (const tag of ['1', '2', '3', '4']) {
      expectHead(tag, { status: 403 });
      expectGet(tag, refused(403, 'DENIED'));
      await ask(harness, tag);
    }
    expect(await ask(harness, '5')).toMatchObject({ failure: { kind: 'denied' } });
    server.verify();
  });

  it('one caller tries first, and the others get the denial until its response', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', challenged('Basic realm="x"'));
    const denial = await ask(harness, '1');
    harness.advance(10 * SECOND);
    const arrived = Promise.withResolvers<void>();
    const late = Promise.withResolvers<Answer>();
    server.expect({ method: 'HEAD', path: '/v2/acme/shop/manifests/2' }, () => {
      arrived.resolve();
      return late.promise;
    });
    const first = ask(harness, '2');
    await arrived.promise;
    expect([await ask(harness, '3'), await ask(harness, '4')]).toEqual([denial, denial]);
    late.resolve(served(shop));
    expect(await first).toMatchObject({ kind: 'found' });
    expectHead('3', served(shop));
    expect(await ask(harness, '3')).toMatchObject({ kind: 'found' });
    server.verify();
  });
});

describe('after an invalid response', () => {
  it.each<[string, Answer]>([
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['a policy', refused(412, 'POLICY')],
  ])('(%s) of one image it is asked ever more rarely, and the others as ever', async (_, answer) => {
    const harness = createRegistryHarness(server);
    expectHead('1', { status: 405 }, 100);
    expectGet('1', answer, 100);
    const first = await ask(harness, '1');
    expectHead('2', served(shop));
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
    expect(await ask(harness, '1')).toEqual(first);
    expect(await pollFor(harness, 900, ['1'])).toBeLessThanOrEqual(8 * 2);
  });

  it('(500) for one image, it is queried less and less often, but more often', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', { status: 500 }, 100);
    expect(await pollFor(harness, 300, ['1'])).toBeLessThanOrEqual(14);
    expectHead('2', served(shop));
    expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
  });

  it('(500) of the token service, the registry is also paused', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', bearer, 100);
    server.expect({ method: 'GET', path: tokenPath }, { status: 500 }, 200);
    expect(await pollFor(harness, 300, ['1'])).toBeLessThanOrEqual(14 * 3);
  });

  it('an unexplained empty 404 does not cost a tag list per image', async () => {
    const harness = createRegistryHarness(server);
    const tags = Array.from({ length: 20 }, (_, i) => String(i));
    for (const tag of tags) {
      expectHead(tag, page);
      expectGet(tag, page);
    }
    expectTags(page);
    for (const tag of tags) {
      expect(await ask(harness, tag)).toMatchObject({
        failure: {
          message: expect.stringContaining(`answers 404 for reg.test/acme/shop:${tag}, but not in`),
        },
      });
    }
    server.verify();
  });
});

describe('an empty 404, and no tag list', () => {
  const assertNoSecret = `/v2/acme/shop/manifests/${shop.digest}`;

  async function askWithWitness(known: Answer, again: Answer = page): Promise<DigestResult> {
    const harness = createRegistryHarness(server);
    expectHead('0', served(shop));
    await ask(harness, '0');
    expectHead('1', page);
    expectGet('1', page);
    expectTags(page);
    server.expect({ method: 'HEAD', path: assertNoSecret }, known);
    expectGet('1', again);
    return ask(harness, '1');
  }

  it('is absent if an image seen before exists, and this one still does not (static stores)', async () => {
    expect(await askWithWitness(served(shop))).toMatchObject({ kind: 'absent', missing: 'manifest' });
    server.verify();
  });

  it.each<[string, Answer, Answer?]>([
    ['the image seen before is missing, too', page],
    ['another one is served in its place', served(createImage(null, 'other'))],
    ['it exists by now', served(shop), served(shop)],
  ])('is a failure where %s', async (_, known, again) => {
    expect(await askWithWitness(known, again)).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it('is queried again after a while', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', page, 2);
    expectGet('1', page, 2);
    expectTags(page);
    expect(await ask(harness, '1')).toMatchObject({ kind: 'failed' });
    harness.advance(15 * SECOND);
    expectTags({ body: '{"name": "acme/shop", "tags": []}' });
    expect(await ask(harness, '1')).toMatchObject({ kind: 'absent' });
    server.verify();
  });
});

it('a token that is issued again ends the pause of its denial', async () => {
  const harness = createRegistryHarness(server);
  expectHead('1', bearer);
  server.expect({ method: 'GET', path: tokenPath }, { status: 403 });
  await ask(harness, '1');
  harness.advance(HOUR);
  expectHead('2', bearer);
  server.expect({ method: 'GET', path: tokenPath }, token({ token: 'one' }));
  expectHead('2', served(shop));
  expect(await ask(harness, '2')).toMatchObject({ kind: 'found' });
  server.verify();
});

describe('if neither a 404 nor any confirmation is conclusive', () => {
  it('confirmations become rarer, for all images of the repository', async () => {
    const harness = createRegistryHarness(server);
    expectTags(page, 20);
    for (let i = 0; i < 60; i++) {
      expectHead(`${i}`, page);
      expectGet(`${i}`, page);
      await ask(harness, `${i}`);
      harness.advance(5 * SECOND);
    }
    const tried = server.requests.filter(({ path }) => path.endsWith('/tags/list'));
    // At 0 s, and after 15, 30, 60 and 120 s more.
    expect(tried).toHaveLength(5);
  });

  it('an image is no proof of its own absence', async () => {
    const harness = createRegistryHarness(server);
    expectHead('1', served(shop));
    await ask(harness, '1');
    const other = { method: 'GET', path: `/v2/acme/shop/manifests/${shop.digest}` };
    server.expect(other, page, 2);
    expectHead(shop.digest, served(shop));
    const revision = await harness.client.resolveRevision(
      parseReference(`reg.test/acme/shop@${shop.digest}`),
    );
    expect(revision).toMatchObject({ kind: 'failed', failure: { kind: 'malformed' } });
  });
});
