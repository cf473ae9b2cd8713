import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPasswordCredential } from '../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../src/image/reference.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import { createRegistryHarness } from '../../fixtures/registry/harness.ts';
import { challenged, createImage, served, token } from '../../fixtures/registry/responses.ts';

const shop = createImage(null);
const image = parseReference('reg.test/acme/shop:1');
const bearer = challenged('Bearer realm="https://auth.test/token"');
const source = 'registries.reg.test in the configuration';
const bot = createPasswordCredential('bot', 'secret', source);

let server: ScriptedServer;
beforeEach(async () => {
  server = await createScriptedServer({ inOrder: true });
});
afterEach(() => server.close());

function expectHead(answer: Answer, authorization: string | null = null): void {
  server.expect({ method: 'HEAD', path: '/v2/acme/shop/manifests/1', headers: { authorization } }, answer);
}

function expectToken(answer: Answer): void {
  server.expect({ method: 'GET', path: '/token?scope=repository%3Aacme%2Fshop%3Apull' }, answer);
}

describe('a probe reports the authentication', () => {
  it('anonymous, without credentials sent', async () => {
    const harness = createRegistryHarness(server, { credentialFor: async () => bot });
    expectHead(served(shop));
    const { access } = await harness.client.probe(image);
    expect(access).toMatchObject({ scheme: 'anonymous', credential: { source } });
  });

  it('bearer, without credentials', async () => {
    const harness = createRegistryHarness(server);
    expectHead(bearer);
    expectToken(token({ token: 'one' }));
    expectHead(served(shop), 'Bearer one');
    const { access } = await harness.client.probe(image);
    expect(access).toMatchObject({ scheme: 'bearer', credential: { kind: 'anonymous' } });
  });

  it('basic, with the source of the credentials', async () => {
    const harness = createRegistryHarness(server, { credentialFor: async () => bot });
    expectHead(challenged('Basic realm="x"'));
    expectHead(served(shop), 'Basic Ym90OnNlY3JldA==');
    const { access, result } = await harness.client.probe(image);
    expect(access).toMatchObject({ scheme: 'basic', credential: { source } });
    expect(result.kind).toBe('found');
  });

  it('bearer, when the token service refuses', async () => {
    const harness = createRegistryHarness(server, { credentialFor: async () => bot });
    expectHead(bearer);
    expectToken({ status: 401 });
    const { access, result } = await harness.client.probe(image);
    expect(access).toMatchObject({ scheme: 'bearer', credential: { source } });
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('bearer, with a registry token', async () => {
    const harness = createRegistryHarness(server, {
      credentialFor: async () => ({ kind: 'registryToken', token: 'one', source }),
    });
    expectHead(bearer);
    expectHead(served(shop), 'Bearer one');
    const { access } = await harness.client.probe(image);
    expect(access).toMatchObject({ scheme: 'bearer', credential: { source } });
  });
});
