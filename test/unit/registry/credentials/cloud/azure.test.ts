/**
 * @azure/identity against a server that speaks Microsoft Entra ID's protocol behind TLS (the library insists on it), or the metadata
 * server's; and the registry's own exchange.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TlsFront } from '../../../../fixtures/network/tls-front.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../../../fixtures/network/scripted-server.ts';
import {
  createCloudHarness,
  createTrustedTlsFront,
  enterSurroundings,
  HOUR,
  setTime,
  START,
  type Surroundings,
} from '../../../../fixtures/registry/cloud-harness.ts';

const HOST = 'acme.azurecr.io';
const CLIENT = '11111111-1111-1111-1111-111111111111';
const TENANT = '22222222-2222-2222-2222-222222222222';
const HINT = "check this process's workload identity or managed identity (AZURE_CLIENT_ID, AZURE_TENANT_ID)";

/** The library keeps its address for the life of the process, so that it is the same in all tests. */
let metadata: ScriptedServer;
let server: ScriptedServer;
let front: TlsFront;
let surroundings: Surroundings;
let managed: string;

beforeAll(async () => {
  metadata = await createScriptedServer();
});
afterAll(async () => {
  await metadata.close();
  metadata.verify();
});

beforeEach(async () => {
  server = await createScriptedServer();
  front = await createTrustedTlsFront(server, '127.0.0.1');
  surroundings = enterSurroundings({});
});
afterEach(async () => {
  surroundings.leave();
  await front[Symbol.asyncDispose]();
  await server.close();
});

function createRegistryHarness(timeoutMs?: number) {
  return createCloudHarness(
    HOST,
    { cloud: 'azure' },
    { registry: server, ...(timeoutMs !== undefined && { timeoutMs }) },
  );
}

function json(body: object, status = 200): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** What AKS puts into a pod for workload identity. */
function useWorkloadIdentity(): void {
  surroundings.set({
    AZURE_CLIENT_ID: CLIENT,
    AZURE_TENANT_ID: TENANT,
    AZURE_AUTHORITY_HOST: `https://127.0.0.1:${front.port}/`,
    AZURE_FEDERATED_TOKEN_FILE: surroundings.write('token', 'the.pods.token'),
  });
}

/** The library keeps their tokens for the life of the process, so that each test has one of its own. */
function useManagedIdentity(): void {
  managed = randomUUID();
  surroundings.set({ AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.url, AZURE_CLIENT_ID: managed });
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential */
function expectEntra(answer: Answer, proof: RegExp = /client_assertion=the\.pods\.token/, times = 1): void {
  const base = `https://127.0.0.1:${front.port}/${TENANT}`;
  const discovery = {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  };
  server.expect(
    { method: 'GET', path: `/${TENANT}/v2.0/.well-known/openid-configuration` },
    json(discovery),
    times,
  );
  const scope = encodeURIComponent('https://containerregistry.azure.net/.default');
  const form = `client_id=${CLIENT}&scope=${scope}&grant_type=client_credentials&`;
  const path = new RegExp(`^/${TENANT}/oauth2/v2\\.0/token\\?`);
  server.expect(
    { method: 'POST', path, body: new RegExp(`^${form.replaceAll('.', '\\.')}.*${proof.source}`) },
    answer,
    times,
  );
}

const entraToken = json({ token_type: 'Bearer', access_token: 'entra', expires_in: 3600 });

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#get-a-token-using-http */
function expectMetadata(answer: Answer, times = 1): void {
  const query = `api-version=2018-02-01&resource=${encodeURIComponent('https://containerregistry.azure.net')}&client_id=${managed}`;
  const path = `/metadata/identity/oauth2/token/?${query}`;
  metadata.expect({ method: 'GET', path }, answer, times);
}

const metadataToken = json({
  access_token: 'managed',
  expires_on: String((START + HOUR) / 1000),
  token_type: 'Bearer',
});

function refreshToken(name: string, expiresAt: unknown = (Date.now() + 3 * HOUR) / 1000): string {
  const claims = Buffer.from(JSON.stringify({ jti: name, exp: expiresAt })).toString('base64url');
  return `header.${claims}.signature`;
}

/** https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md#calling-post-oauth2exchange-to-get-an-acr-refresh-token */
function expectRegistry(answer: Answer, entra = 'entra', times = 1): void {
  const headers = { host: HOST, 'content-type': 'application/x-www-form-urlencoded', authorization: null };
  const body = `grant_type=access_token&service=${HOST}&access_token=${entra}`;
  server.expect({ method: 'POST', path: '/oauth2/exchange', headers, body }, answer, times);
}

describe('ACR', () => {
  it("returns a refresh token for the pod's workload identity", async () => {
    useWorkloadIdentity();
    expectEntra(entraToken);
    expectRegistry(json({ refresh_token: refreshToken('one') }));
    expect(await createRegistryHarness().fetchCredential()).toEqual({
      kind: 'identityToken',
      token: refreshToken('one'),
      username: '00000000-0000-0000-0000-000000000000',
      source: `identity azure of registries.${HOST}`,
    });
    server.verify();
  });

  it('does so for a managed identity', async () => {
    useManagedIdentity();
    expectMetadata(metadataToken);
    expectRegistry(json({ refresh_token: refreshToken('one') }), 'managed');
    expect(await createRegistryHarness().fetchCredential()).toMatchObject({ token: refreshToken('one') });
    server.verify();
  });

  it('does so for a service principal', async () => {
    useWorkloadIdentity();
    surroundings.set({ AZURE_FEDERATED_TOKEN_FILE: undefined, AZURE_CLIENT_SECRET: 'hunter2' });
    expectEntra(entraToken, /client_secret=hunter2/);
    expectRegistry(json({ refresh_token: refreshToken('one') }));
    expect(await createRegistryHarness().fetchCredential()).toMatchObject({ token: refreshToken('one') });
    server.verify();
  });

  it("is called again after 80% of the refresh token's lifetime, once for all callers", async () => {
    useManagedIdentity();
    const harness = createRegistryHarness();
    const ask = () => Promise.all(Array.from({ length: 100 }, () => harness.fetchCredential()));
    expectMetadata(metadataToken);
    expectRegistry(json({ refresh_token: refreshToken('one') }), 'managed');
    expect(new Set(await ask()).size).toBe(1);
    setTime(0.8 * 3 * HOUR - 1);
    await ask();
    server.verify();
    const later = {
      access_token: 'later',
      expires_on: String((START + 9 * HOUR) / 1000),
      token_type: 'Bearer',
    };
    setTime(0.8 * 3 * HOUR);
    expectMetadata(json(later));
    expectRegistry(json({ refresh_token: refreshToken('two') }), 'later');
    await ask();
    await expect.poll(() => harness.fetchCredential()).toMatchObject({ token: refreshToken('two') });
    server.verify();
  });

  it.each<[string, Answer, string, string]>([
    ...[400, 401, 403].map((status): [string, Answer, string, string] => [
      `answers ${status}`,
      json({ errors: [{ code: 'UNAUTHORIZED', message: 'hunter2' }] }, status),
      'denied',
      `does not accept this process's Azure identity (${status}); the identity needs the role AcrPull there`,
    ]),
    [
      'is no ACR',
      { status: 404, body: 'hunter2' },
      'malformed',
      'does not exchange an Azure token for a refresh token (404)',
    ],
    [
      'is a web page',
      { body: '<html>' },
      'malformed',
      'does not exchange an Azure token for a refresh token (200)',
    ],
    [
      'answers without a token',
      json({}),
      'malformed',
      'does not exchange an Azure token for a refresh token (200)',
    ],
    [
      'answers with an unusable token',
      json({ refresh_token: 'a\nb' }),
      'malformed',
      'does not exchange an Azure token for a refresh token (200)',
    ],
    [
      'answers with a token without claims',
      json({ refresh_token: 'opaque' }),
      'malformed',
      'returned a refresh token without an expiry',
    ],
    [
      'answers with a token without expiry',
      json({ refresh_token: refreshToken('x', null) }),
      'malformed',
      'returned a refresh token without an expiry',
    ],
    ['limits our rate', { status: 429 }, 'rate_limited', 'limits our rate (429)'],
    ['has a fault', { status: 500 }, 'unavailable', 'cannot answer now (500)'],
    [
      'redirects, which the token must not follow',
      { status: 307, headers: { location: 'https://evil.test/' } },
      'malformed',
      'redirects a POST request',
    ],
  ])('that %s is reported', async (_, answer, kind, says) => {
    useManagedIdentity();
    expectMetadata(metadataToken);
    expectRegistry(answer, 'managed');
    expect(await createRegistryHarness().fetchFailure()).toEqual({
      kind,
      host: HOST,
      message: `${HOST} ${says}`,
    });
    server.verify();
  });

  it('whose refresh token has expired is reported', async () => {
    useManagedIdentity();
    expectMetadata(metadataToken);
    expectRegistry(json({ refresh_token: refreshToken('old', START / 1000) }), 'managed');
    expect(await createRegistryHarness().fetchFailure()).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining("has already expired (check this machine's clock)"),
    });
  });
});

describe('Entra ID', () => {
  it('that refuses is reported with its error number, without the rest of its answer', async () => {
    useWorkloadIdentity();
    const body = {
      error: 'invalid_client',
      error_description: 'AADSTS700016: hunter2 Trace ID: 4711 Timestamp: 2026-01-01',
      error_codes: [700016],
      trace_id: '4711',
    };
    // Twice: by the workload identity and, in the library's own chain, by what it takes for AKS's managed identity.
    expectEntra(json(body, 401), /client_assertion=/, 2);
    const harness = createRegistryHarness();
    expect(await harness.fetchFailure()).toEqual({
      kind: 'denied',
      host: HOST,
      message: `no credentials for ${HOST}: Azure denied the request for a token (AADSTS700016); ${HINT}`,
    });
    server.verify();
    expectEntra(entraToken);
    expectRegistry(json({ refresh_token: refreshToken('afterwards') }));
    expect(await harness.fetchCredential()).toMatchObject({ token: refreshToken('afterwards') });
  });

  it('that answers with a web page', async () => {
    useWorkloadIdentity();
    expectEntra({ body: '<html>' }, /client_assertion=/, 2);
    expect(await createRegistryHarness().fetchFailure()).toMatchObject({ kind: 'unreachable' });
  });

  it('that never answers is waited for as long as a call may take', async () => {
    useWorkloadIdentity();
    // What is left behind goes on; here it must not go on to the next test's servers.
    surroundings.set({ AZURE_TOKEN_CREDENTIALS: 'WorkloadIdentityCredential' });
    expectEntra({ fault: 'hang' });
    expect(await createRegistryHarness(300).fetchFailure()).toEqual({
      kind: 'timeout',
      host: HOST,
      message: `no credentials for ${HOST}: Azure did not return a token in time; ${HINT}`,
    });
  });
});

describe('the metadata server', () => {
  it('that fails', async () => {
    useManagedIdentity();
    expectMetadata({ status: 500 }, 2);
    expect(await createRegistryHarness().fetchFailure()).toEqual({
      kind: 'unavailable',
      host: HOST,
      message: `no credentials for ${HOST}: Azure cannot issue a token now`,
    });
    metadata.verify();
  });

  it('that knows no identity', async () => {
    useManagedIdentity();
    const body = { error: 'invalid_request', error_description: 'Identity not found' };
    expectMetadata(json(body, 400));
    expect(await createRegistryHarness().fetchFailure()).toMatchObject({ kind: 'denied' });
    metadata.verify();
  });
});

it('an environment without an identity is reported', async () => {
  surroundings.set({ AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' });
  expect(await createRegistryHarness().fetchFailure()).toEqual({
    kind: 'denied',
    host: HOST,
    message: `no credentials for ${HOST}: Azure returned no token: this process has no credentials that it accepts; ${HINT}`,
  });
  expect(server.requests).toEqual([]);
});
