/** The registry client with an identity: what a registry is shown, and what happens when it does not accept it any more. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCredentialStore } from '../../../../../src/registry/credentials/credential-store.ts';
import { createIdentity } from '../../../../../src/registry/credentials/cloud/identity.ts';
import { parseReference } from '../../../../../src/image/reference.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../../../fixtures/network/scripted-server.ts';
import { createRegistryHarness as createTokenRegistry } from '../../../../fixtures/registry/harness.ts';
import { challenged, createImage, refused, served, token } from '../../../../fixtures/registry/responses.ts';
import {
  enterSurroundings,
  HOUR,
  setTime,
  type Surroundings,
} from '../../../../fixtures/registry/cloud-harness.ts';

const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const image = parseReference(`${HOST}/acme/shop:1`);
const shop = createImage(null);
const manifest = '/v2/acme/shop/manifests/1';
const basic = challenged(`Basic realm="https://${HOST}/",service="ecr.amazonaws.com"`);

let registry: ScriptedServer;
let cloud: ScriptedServer;
let surroundings: Surroundings;

beforeEach(async () => {
  registry = await createScriptedServer({ inOrder: true });
  cloud = await createScriptedServer({ inOrder: true });
  surroundings = enterSurroundings({
    AWS_ENDPOINT_URL_ECR: cloud.url,
    AWS_ENDPOINT_URL_ECR_PUBLIC: cloud.url,
    AWS_ACCESS_KEY_ID: 'AKIASTATIC',
    AWS_SECRET_ACCESS_KEY: 'hunter2',
  });
});
afterEach(async () => {
  surroundings.leave();
  await registry.close();
  await cloud.close();
});

function createRegistryHarness(host = HOST) {
  const service = host === HOST ? 'ecr' : 'ecr-public';
  const common = { env: {}, warn: () => undefined };
  const identity = createIdentity(
    host,
    { cloud: 'aws', service, region: 'eu-central-1', fips: false, dualStack: false },
    { ...common, now: Date.now, timeoutMs: 10_000 },
  );
  const credentialFor = createCredentialStore({
    ...common,
    registries: { [host]: { identity } },
    dockerConfigFiles: [],
  });
  return createTokenRegistry(registry, {
    credentialFor,
    forgetCredential: (credential) => identity.forget(credential),
    now: Date.now,
  });
}

function expectToken(password: string): void {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  const data = { authorizationToken, expiresAt: (Date.now() + 12 * HOUR) / 1000 };
  const body = JSON.stringify({ authorizationData: [data] });
  cloud.expect(
    { method: 'POST', path: '/' },
    { headers: { 'content-type': 'application/x-amz-json-1.1' }, body },
  );
}

function login(password: string): string {
  return `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`;
}

function expectHead(answer: Answer, authorization: string | null): void {
  registry.expect({ method: 'HEAD', path: manifest, headers: { host: HOST, authorization } }, answer);
}

/** ECR answers an expired or withdrawn password with 403; nothing that is tried with it, or without any, opens the image. */
function expectDenial(password: string): void {
  expectHead(refused(403, 'DENIED'), login(password));
  expectHead(basic, null);
  expectHead(refused(403, 'DENIED'), login(password));
  registry.expect(
    { method: 'GET', path: manifest, headers: { authorization: login(password) } },
    refused(403, 'DENIED'),
  );
}

describe('ECR', () => {
  it("gets the identity's password if it demands one, and a probe names its source", async () => {
    const { client } = createRegistryHarness();
    expectToken('one');
    expectHead(basic, null);
    expectHead(served(shop), login('one'));
    const { result, access } = await client.probe(image);
    expect(result).toMatchObject({ kind: 'found', digest: shop.digest });
    expect(access).toMatchObject({
      scheme: 'basic',
      credential: { source: `identity aws of registries.${HOST}` },
    });
    registry.verify();
    cloud.verify();
  });

  it('that no longer accepts the password gets a new one at once', async () => {
    const { client } = createRegistryHarness();
    expectToken('withdrawn');
    expectHead(basic, null);
    expectHead(served(shop), login('withdrawn'));
    await client.resolveDigest(image);
    setTime(HOUR);
    expectDenial('withdrawn');
    expectToken('new');
    expectHead(basic, null);
    expectHead(served(shop), login('new'));
    expect(await client.resolveDigest(image)).toMatchObject({ kind: 'found' });
    registry.verify();
    cloud.verify();
  });

  it('that forbids an image does not cause a new password each time', async () => {
    const { client } = createRegistryHarness();
    expectToken('one');
    expectHead(basic, null);
    expectHead(refused(403, 'DENIED'), login('one'));
    registry.expect({ method: 'GET', path: manifest }, refused(403, 'DENIED'));
    expect(await client.resolveDigest(image)).toMatchObject({
      kind: 'failed',
      failure: {
        kind: 'denied',
        host: HOST,
        message: expect.stringContaining(`with the credentials from identity aws of registries.${HOST}`),
      },
    });
    setTime(60_000);
    expectDenial('one');
    expect(await client.resolveDigest(image)).toMatchObject({ failure: { kind: 'denied' } });
    registry.verify();
    cloud.verify();
  });

  it('is not called without its password, and the image counts as failed, not as absent', async () => {
    const { client } = createRegistryHarness();
    surroundings.set({ AWS_ACCESS_KEY_ID: undefined });
    const { result, access } = await client.probe(image);
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'denied', host: HOST } });
    expect(access).toBeUndefined();
    expect(registry.requests).toEqual([]);
  });
});

it("ECR Public's token service gets the identity's password", async () => {
  const { client } = createRegistryHarness('public.ecr.aws');
  const authorizationToken = Buffer.from('AWS:pub').toString('base64');
  const data = { authorizationToken, expiresAt: (Date.now() + 12 * HOUR) / 1000 };
  const body = JSON.stringify({ authorizationData: data });
  cloud.expect(
    { method: 'POST', path: '/' },
    { headers: { 'content-type': 'application/x-amz-json-1.1' }, body },
  );
  const head = { method: 'HEAD', path: manifest };
  const realm = 'Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"';
  registry.expect({ ...head, headers: { authorization: null } }, challenged(realm));
  registry.expect(
    {
      method: 'GET',
      path: '/token/?service=public.ecr.aws&scope=repository%3Aacme%2Fshop%3Apull',
      headers: { authorization: login('pub') },
    },
    token({ token: 't' }),
  );
  registry.expect({ ...head, headers: { authorization: 'Bearer t' } }, served(shop));
  expect(await client.resolveDigest(parseReference('public.ecr.aws/acme/shop:1'))).toMatchObject({
    kind: 'found',
  });
  registry.verify();
});
