/** What is kept between questions: challenges, tokens, and who has been refused. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordCredential, type Credential } from '../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../src/image/reference.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import { createRegistryHarness } from '../../fixtures/registry/harness.ts';
import {
  challenged,
  createArtifact,
  createImage,
  createIndex,
  entry,
  sha256,
  refused,
  served,
  token,
} from '../../fixtures/registry/responses.ts';

const shop = createImage(null);
const manifest = '/v2/acme/shop/manifests/1';
const image = parseReference('reg.test/acme/shop:1');
const bearer = challenged('Bearer realm="https://auth.test/token",service="s"');
const tokenPath = '/token?service=s&scope=repository%3Aacme%2Fshop%3Apull';
const source = 'registries.reg.test in the configuration';
const bot = createPasswordCredential('bot', 'secret', source);

let server: ScriptedServer;
beforeEach(async () => {
  server = await createScriptedServer({ inOrder: true });
});
afterEach(() => server.close());

function expectHead(answer: Answer, authorization: string | null = null, path = manifest): void {
  server.expect({ method: 'HEAD', path, headers: { authorization } }, answer);
}

function expectToken(answer: Answer, path = tokenPath): void {
  server.expect({ method: 'GET', path }, answer);
}

/** The first question of a repository: refused, a token, found. */
function expectFirst(answer: object = { token: 'one' }): void {
  expectHead(bearer);
  expectToken(token(answer));
  expectHead(served(shop), 'Bearer one');
}

async function ask(harness: ReturnType<typeof createRegistryHarness>): Promise<string> {
  const result = await harness.client.resolveDigest(image);
  return result.kind === 'failed' ? result.failure.kind : result.kind;
}

describe('a token', () => {
  it('is used again for the same repository, without another challenge', async () => {
    const harness = createRegistryHarness(server);
    expectFirst();
    expectHead(served(shop), 'Bearer one');
    expect([await ask(harness), await ask(harness)]).toEqual(['found', 'found']);
    server.verify();
  });

  it('is not used for another repository', async () => {
    const harness = createRegistryHarness(server);
    expectFirst();
    expectHead(bearer, null, '/v2/acme/other/manifests/1');
    expectToken(token({ token: 'two' }), tokenPath.replace('shop', 'other'));
    expectHead(served(shop), 'Bearer two', '/v2/acme/other/manifests/1');
    await ask(harness);
    const other = await harness.client.resolveDigest(parseReference('reg.test/acme/other:1'));
    expect(other).toMatchObject({ kind: 'found' });
    server.verify();
  });

  it.each([
    ['300 seconds', { expires_in: 300 }, 300],
    ['no life', {}, 60],
    ['less than a minute', { expires_in: 5 }, 60],
    ['a lifetime that is not a number', { expires_in: 'soon' }, 60],
    ['a life without end', { expires_in: 1e15 }, 86_400],
    ['a lifetime by another clock', { expires_in: 300, issued_at: '2020-01-01T00:00:00Z' }, 300],
  ])('of %s is renewed after 80%% of it', async (_, answer, seconds) => {
    const harness = createRegistryHarness(server);
    expectFirst({ token: 'one', ...answer });
    await ask(harness);
    harness.advance(seconds * 800 - 1);
    expectHead(served(shop), 'Bearer one');
    await ask(harness);
    harness.advance(1);
    expectToken(token({ token: 'two' }));
    expectHead(served(shop), 'Bearer two');
    expect(await ask(harness)).toBe('found');
    server.verify();
  });

  it('is fetched once for concurrent queries, and so is its challenge', async () => {
    const harness = createRegistryHarness(server);
    expectFirst();
    expectHead(served(shop), 'Bearer one');
    expectHead(served(shop), 'Bearer one');
    expect(await Promise.all([ask(harness), ask(harness), ask(harness)])).toEqual([
      'found',
      'found',
      'found',
    ]);
    server.verify();
  });

  it('that cannot be fetched fails all waiting callers, and the next one tries again', async () => {
    const harness = createRegistryHarness(server);
    expectHead(bearer);
    expectToken({ status: 500 });
    expect(await Promise.all([ask(harness), ask(harness)])).toEqual(['unavailable', 'unavailable']);
    expectToken(token({ token: 'one' }));
    expectHead(served(shop), 'Bearer one');
    expect(await ask(harness)).toBe('found');
    server.verify();
  });

  it('that is rejected twice costs one pause, and is not kept', async () => {
    const harness = createRegistryHarness(server);
    for (const name of ['one', 'two']) {
      expectHead(bearer);
      expectToken(token({ token: name }));
      expectHead(bearer, `Bearer ${name}`);
      expectHead(bearer, `Bearer ${name}`);
    }
    const first = await ask(harness);
    harness.advance(60_000);
    expect([first, await ask(harness)]).toEqual(['denied', 'denied']);
    expect(harness.pauses).toEqual([1000, 1000]);
    server.verify();
  });
});

describe('a known token service', () => {
  const day = 86_400_000;

  it.each([
    ['404', { status: 404 }],
    ['401', { status: 401 }],
    ['500', { status: 500 }],
  ])('and gives nothing any more (%s) is looked for anew, once', async (_, answer) => {
    const harness = createRegistryHarness(server);
    const moved = challenged('Bearer realm="https://auth.test/moved",service="s"');
    const movedPath = tokenPath.replace('token', 'moved');
    expectFirst();
    await ask(harness);
    harness.advance(day);
    expectToken(answer);
    expectHead(moved);
    expectToken(token({ token: 'two' }), movedPath);
    expectHead(served(shop), 'Bearer two');
    expect(await ask(harness)).toBe('found');
    harness.advance(day);
    expectToken({ status: 500 }, movedPath);
    expectHead(moved);
    expectToken({ status: 500 }, movedPath);
    expect(await ask(harness)).toBe('unavailable');
    server.verify();
  });

  it('and limits our rate is left alone', async () => {
    const harness = createRegistryHarness(server);
    expectFirst();
    await ask(harness);
    harness.advance(day);
    expectToken({ status: 429 });
    expect(await ask(harness)).toBe('rate_limited');
    server.verify();
  });
});

describe('a cached token that is rejected', () => {
  // 403: private ECR (rules_img#715); 400: public.ecr.aws (oras-go#1227), on HEAD without its body.
  it.each([
    ['401', bearer],
    ['403', { status: 403 }],
    ['400', { status: 400 }],
  ])('with %s is replaced, once', async (_, refusal) => {
    const harness = createRegistryHarness(server);
    expectFirst();
    await ask(harness);
    expectHead(refusal, 'Bearer one');
    expectHead(bearer);
    expectToken(token({ token: 'two' }));
    expectHead(served(shop), 'Bearer two');
    expect(await ask(harness)).toBe('found');
    expect(harness.pauses).toEqual([]);
    server.verify();
  });

  it('is replaced when GET says DENIED with 400', async () => {
    const harness = createRegistryHarness(server);
    const get = (answer: Answer, authorization: string | null): void =>
      server.expect({ method: 'GET', path: manifest, headers: { authorization } }, answer);
    expectFirst();
    await ask(harness);
    get(refused(400, 'DENIED', 'Your authorization token has expired.'), 'Bearer one');
    get(bearer, null);
    expectToken(token({ token: 'two' }));
    get(served(shop), 'Bearer two');
    const result = await harness.client.resolveDigest(image, { os: 'linux', architecture: 'amd64' });
    expect(result.kind).toBe('found');
    server.verify();
  });

  it('is replaced once per query, whatever else is rejected', async () => {
    const harness = createRegistryHarness(server);
    expectFirst();
    await ask(harness);
    expectHead({ status: 403 }, 'Bearer one');
    expectHead(bearer);
    expectToken(token({ token: 'two' }));
    expectHead({ status: 403 }, 'Bearer two');
    server.expect(
      { method: 'GET', path: manifest, headers: { authorization: 'Bearer two' } },
      refused(403, 'DENIED'),
    );
    expect(await ask(harness)).toBe('denied');
    server.verify();
  });

  it('is replaced once for all concurrently rejected queries', async () => {
    const loose = await createScriptedServer();
    const harness = createRegistryHarness(loose);
    const head = (answer: Answer, authorization: string | null, times: number): void =>
      loose.expect({ method: 'HEAD', path: manifest, headers: { authorization } }, answer, times);
    head(bearer, null, 1);
    loose.expect({ method: 'GET', path: tokenPath }, token({ token: 'one' }));
    head(served(shop), 'Bearer one', 1);
    await ask(harness);
    head(bearer, 'Bearer one', 3);
    head(bearer, null, 1);
    loose.expect({ method: 'GET', path: tokenPath }, token({ token: 'two' }));
    head(served(shop), 'Bearer two', 3);
    expect(await Promise.all([ask(harness), ask(harness), ask(harness)])).toEqual([
      'found',
      'found',
      'found',
    ]);
    loose.verify();
    await loose.close();
  });
});

describe('concurrent queries about a new repository', () => {
  it("do not share one image's failure", async () => {
    const loose = await createScriptedServer();
    const harness = createRegistryHarness(loose);
    const head = (tag: number, answer: Answer): void =>
      loose.expect({ method: 'HEAD', path: manifest.replace('/1', `/${tag}`) }, answer);
    head(1, { status: 500 });
    head(2, served(shop));
    head(3, served(shop));
    const answers = await Promise.all(
      [1, 2, 3].map((tag) => harness.client.resolveDigest(parseReference(`reg.test/acme/shop:${tag}`))),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(['failed', 'found', 'found']);
    loose.verify();
    await loose.close();
  });

  it('share a denial, which costs one request', async () => {
    const harness = createRegistryHarness(server);
    expectHead(challenged('Basic realm="x"'));
    expect(await Promise.all([ask(harness), ask(harness), ask(harness)])).toEqual([
      'denied',
      'denied',
      'denied',
    ]);
    server.verify();
  });
});

describe('a late rejection', () => {
  it('uses the new token, and fetches no other', async () => {
    const loose = await createScriptedServer();
    const harness = createRegistryHarness(loose);
    const late = Promise.withResolvers<Answer>();
    const other = manifest.replace('/1', '/2');
    const head = (
      answer: Parameters<ScriptedServer['expect']>[1],
      authorization: string | null,
      path = manifest,
    ): void => loose.expect({ method: 'HEAD', path, headers: { authorization } }, answer);
    const expectNew = (name: string): void => {
      head(bearer, null);
      loose.expect({ method: 'GET', path: tokenPath }, token({ token: name }));
      head(served(shop), `Bearer ${name}`);
    };
    expectNew('one');
    await ask(harness);
    head(() => late.promise, 'Bearer one', other);
    head(bearer, 'Bearer one');
    const slow = harness.client.resolveDigest(parseReference('reg.test/acme/shop:2'));
    expectNew('two');
    expect(await ask(harness)).toBe('found');
    late.resolve(bearer);
    head(served(shop), 'Bearer two', other);
    expect(await slow).toMatchObject({ kind: 'found' });
    loose.verify();
    await loose.close();
  });
});

describe('credentials', () => {
  it('that have changed get a token of their own', async () => {
    let credential: Credential = bot;
    const harness = createRegistryHarness(server, { credentialFor: async () => credential });
    expectFirst();
    await ask(harness);
    credential = createPasswordCredential('bot', 'rotated', source);
    expectHead(bearer);
    expectToken(token({ token: 'two' }));
    expectHead(served(shop), 'Bearer two');
    expect(await ask(harness)).toBe('found');
    server.verify();
  });

  it('are used after a 404 to an anonymous request', async () => {
    const harness = createRegistryHarness(server, { credentialFor: async () => bot });
    expectHead(served(shop));
    await ask(harness);
    expectHead({ status: 404 });
    server.expect({ method: 'GET', path: '/v2/' }, challenged('Basic realm="x"'));
    expectHead(served(shop), 'Basic Ym90OnNlY3JldA==');
    expect(await ask(harness)).toBe('found');
    server.verify();
  });

  it('that cannot be read fail without any request', async () => {
    const harness = createRegistryHarness(server, {
      credentialFor: async () => {
        throw new Error('no identity');
      },
    });
    const { result, access } = await harness.client.probe(image);
    expect(result).toMatchObject({ kind: 'failed' });
    expect(access).toBeUndefined();
    server.verify();
  });
});

describe('the content of an entry without a platform', () => {
  it('is cached, since its digest fixes it', async () => {
    const harness = createRegistryHarness(server);
    const amd64 = { os: 'linux', architecture: 'amd64' };
    const plain = createImage(null, 'plain', {}, amd64);
    const chart = createArtifact({ artifactType: 'application/vnd.acme.chart' });
    const index = createIndex(entry(chart), entry(plain));
    const get = (path: string, answer: Answer): void =>
      server.expect({ method: 'GET', path: `/v2/acme/shop/${path}` }, answer);
    get('manifests/1', served(index));
    for (const content of [chart, plain]) get(`manifests/${content.digest}`, served(content));
    get(`blobs/${sha256(plain.config)}`, { body: plain.config });
    get('manifests/1', served(index));
    for (const _ of [1, 2]) {
      expect(await harness.client.resolveDigest(image, amd64)).toMatchObject({ digest: plain.digest });
    }
    server.verify();
  });
});
