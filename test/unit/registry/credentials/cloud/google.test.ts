/** google-auth-library against servers that speak the documented protocols; it finds them by its own settings and files. */
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnectProxy } from '../../../../fixtures/network/connect-proxy.ts';
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
  type CloudHarnessOptions,
  type Surroundings,
} from '../../../../fixtures/registry/cloud-harness.ts';

const HOST = 'europe-docker.pkg.dev';
const POOL = '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/ci/providers/eks';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_PATH = `/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(SCOPE)}`;
const DEFAULT_HINT =
  "check this process's workload identity, or GOOGLE_APPLICATION_CREDENTIALS; its account needs roles/artifactregistry.reader";

let server: ScriptedServer;
let surroundings: Surroundings;

beforeEach(async () => {
  server = await createScriptedServer({ inOrder: true });
  surroundings = enterSurroundings({ GCE_METADATA_HOST: server.host });
});
afterEach(async () => {
  surroundings.leave();
  await server.close();
});

function createRegistryHarness(credentialsFile?: string, options?: CloudHarnessOptions) {
  return createCloudHarness(
    HOST,
    credentialsFile === undefined ? { cloud: 'google' } : { cloud: 'google', credentialsFile },
    options,
  );
}

function json(body: object, status = 200): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'metadata-flavor': 'Google' },
    body: JSON.stringify(body),
  };
}

function token(access_token: string, expires_in: unknown = 3600): Answer {
  return json({ access_token, expires_in, token_type: 'Bearer' });
}

/** https://cloud.google.com/compute/docs/metadata/overview */
function expectMetadata(answer: Answer, times = 1): void {
  server.expect({ method: 'GET', path: TOKEN_PATH, headers: { 'metadata-flavor': 'Google' } }, answer, times);
}

/** https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
function expectExchange(answer: Answer, times = 1): void {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    audience: POOL,
    scope: SCOPE,
    requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    subject_token: 'the.pods.token',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  });
  const headers = { 'content-type': /^application\/x-www-form-urlencoded/ };
  server.expect({ method: 'POST', path: '/v1/token', headers, body: form.toString() }, answer, times);
}

/** https://google.aip.dev/auth/4117 */
function federation(changes: object = {}): object {
  return {
    type: 'external_account',
    audience: POOL,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${server.url}/v1/token`,
    credential_source: { file: surroundings.write('token', 'the.pods.token') },
    ...changes,
  };
}

describe("GKE's workload identity", () => {
  it("returns the service account's token, as the password of a fixed user", async () => {
    expectMetadata(token('ya29.one'));
    expect(await createRegistryHarness().fetchCredential()).toEqual({
      kind: 'basic',
      username: 'oauth2accesstoken',
      password: 'ya29.one',
      source: `identity google of registries.${HOST}`,
    });
    server.verify();
  });

  it('is called again after 80% of its lifetime, once for all callers', async () => {
    const harness = createRegistryHarness();
    expectMetadata(token('one'));
    const ask = () => Promise.all(Array.from({ length: 100 }, () => harness.fetchCredential()));
    expect(
      new Set((await ask()).map((credential) => 'password' in credential && credential.password)),
    ).toEqual(new Set(['one']));
    setTime(0.8 * HOUR - 1);
    await ask();
    server.verify();
    expectMetadata(token('two'));
    setTime(0.8 * HOUR);
    await ask();
    await expect.poll(() => harness.fetchCredential()).toMatchObject({ password: 'two' });
    server.verify();
  });

  it('that is not available yet when the process starts is found a moment later', async () => {
    const harness = createRegistryHarness();
    expectMetadata(json({}, 404));
    expect(await harness.fetchFailure()).toMatchObject({ kind: 'denied' });
    expectMetadata(token('one'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'one' });
    server.verify();
  });
});

describe('workload identity federation', () => {
  it("exchanges the pod's token, with the configured file", async () => {
    expectExchange(token('ya29.federated'));
    const harness = createRegistryHarness(surroundings.write('federation.json', federation()));
    expect(await harness.fetchCredential()).toMatchObject({
      username: 'oauth2accesstoken',
      password: 'ya29.federated',
    });
    server.verify();
  });

  it('does so with the file in the environment if none is configured', async () => {
    surroundings.set({ GOOGLE_APPLICATION_CREDENTIALS: surroundings.write('federation.json', federation()) });
    expectExchange(token('ya29.federated'));
    expect(await createRegistryHarness().fetchCredential()).toMatchObject({ password: 'ya29.federated' });
    server.verify();
  });

  it('impersonates a service account if the file names one', async () => {
    const service_account_impersonation_url = `${server.url}/v1/projects/-/serviceAccounts/pull@acme.iam.gserviceaccount.com:generateAccessToken`;
    expectExchange(token('ya29.federated'));
    server.expect(
      {
        method: 'POST',
        path: '/v1/projects/-/serviceAccounts/pull@acme.iam.gserviceaccount.com:generateAccessToken',
        headers: { authorization: 'Bearer ya29.federated' },
      },
      json({ accessToken: 'ya29.impersonated', expireTime: '2026-01-01T01:00:00Z' }),
    );
    const harness = createRegistryHarness(
      surroundings.write('federation.json', federation({ service_account_impersonation_url })),
    );
    expect(await harness.fetchCredential()).toMatchObject({ password: 'ya29.impersonated' });
    setTime(0.8 * HOUR - 1);
    expect(await harness.fetchCredential()).toMatchObject({ password: 'ya29.impersonated' });
    server.verify();
  });

  it('reads the file and its token again for each exchange', async () => {
    const path = surroundings.write('federation.json', federation());
    const harness = createRegistryHarness(path);
    expectExchange(token('one'));
    await harness.fetchCredential();
    setTime(HOUR);
    surroundings.write('federation.json', federation({ token_url: `${server.url}/moved` }));
    server.expect({ method: 'POST', path: '/moved' }, token('two'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'two' });
    server.verify();
  });
});

describe("a service account's key", () => {
  it("signs a request for a token to Google's token service", async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = {
      type: 'service_account',
      client_email: 'pull@acme.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      private_key_id: 'one',
    };
    await using google = await createTrustedTlsFront(server, 'oauth2.googleapis.com');
    await using proxy = await createConnectProxy({ targetPort: google.port });
    surroundings.set({
      HTTPS_PROXY: `http://${proxy.host}`,
      https_proxy: undefined,
      NO_PROXY: undefined,
      no_proxy: undefined,
    });
    const headers = { host: 'oauth2.googleapis.com' };
    const body = /^grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=/;
    server.expect({ method: 'POST', path: '/token', headers, body }, token('ya29.key'));
    const harness = createRegistryHarness(surroundings.write('key.json', key));
    expect(await harness.fetchCredential()).toMatchObject({
      username: 'oauth2accesstoken',
      password: 'ya29.key',
    });
    server.verify();
    expect(proxy.asked).toEqual(['CONNECT oauth2.googleapis.com:443']);
    expect(claimsOf(server.requests[0]?.body)).toMatchObject({
      iss: key.client_email,
      scope: SCOPE,
      aud: 'https://oauth2.googleapis.com/token',
    });
  });
});

describe('a credentials file', () => {
  it.each([
    ['that is no JSON', 'hunter2', 'cannot use credentialsFile: it is not a JSON object'],
    [
      'whose key is none',
      { type: 'service_account', client_email: 'pull@acme.iam.gserviceaccount.com', private_key: 'hunter2' },
      'returned no token: the private key in the credentials cannot be used',
    ],
    [
      "that is a person's",
      { type: 'authorized_user', refresh_token: 'hunter2' },
      "cannot use credentialsFile: it is neither a service account's key nor a workload identity federation's configuration",
    ],
    [
      'that would run a command',
      { type: 'external_account', credential_source: { executable: { command: 'hunter2' } } },
      "cannot use credentialsFile: it is neither a service account's key nor a workload identity federation's configuration",
    ],
  ])('%s is refused without its content', async (_, content, says) => {
    const path = surroundings.write('key.json', content);
    expect(await createRegistryHarness(path).fetchFailure()).toEqual({
      kind: 'denied',
      host: HOST,
      message: `no credentials for ${HOST}: Google ${says}; check ${path}; its account needs roles/artifactregistry.reader`,
    });
  });

  it('that is missing is reported', async () => {
    expect((await createRegistryHarness('/none/key.json').fetchFailure()).message).toBe(
      `no credentials for ${HOST}: Google returned no token: a credentials file cannot be read (ENOENT); check /none/key.json; its account needs roles/artifactregistry.reader`,
    );
  });
});

describe('an answer without a valid token', () => {
  const broken = json({ error: 'invalid_grant', error_description: 'hunter2 at 12:00, request 4711' }, 400);
  it.each<[string, Answer, number, string, string]>([
    ['a refusal', broken, 1, 'denied', `denied the request for a token (invalid_grant)`],
    [
      'a refusal without a reason',
      { status: 403, body: 'hunter2' },
      1,
      'denied',
      'denied the request for a token (403)',
    ],
    ['a limit', { status: 429 }, 4, 'rate_limited', 'limits the rate of token requests'],
    ['a fault', { status: 503, body: 'hunter2' }, 4, 'unavailable', 'cannot issue a token now (503)'],
    ['a web page', { body: '<html>' }, 1, 'malformed', 'returned something that is not a token'],
    ['nothing', json({}), 1, 'malformed', 'answers without a token'],
    [
      'a token without end',
      json({ access_token: 'x' }),
      1,
      'malformed',
      'returned a token without an expiry',
    ],
    [
      'a token with an invalid expiry',
      token('x', 'soon'),
      1,
      'malformed',
      'returned a token without an expiry',
    ],
    [
      'a token that has expired',
      token('x', -1),
      1,
      'malformed',
      "returned a token that has already expired (check this machine's clock)",
    ],
    [
      'a connection that breaks',
      { fault: 'reset' },
      3,
      'unreachable',
      'returned no token: its token service cannot be reached (ECONNRESET)',
    ],
  ])('%s', async (_, answer, times, kind, says) => {
    const path = surroundings.write('federation.json', federation());
    const harness = createRegistryHarness(path);
    expectExchange(answer, times);
    const hint =
      kind === 'denied' || kind === 'unreachable'
        ? `; check ${path}; its account needs roles/artifactregistry.reader`
        : '';
    expect(await harness.fetchFailure()).toEqual({
      kind,
      host: HOST,
      message: `no credentials for ${HOST}: Google ${says}${hint}`,
    });
    server.verify();
    expectExchange(token('afterwards'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'afterwards' });
  });

  it.each<[string, Answer, string, string]>([
    ['a refusal', { ...json({}, 403) }, 'denied', 'denied the request for a token (403)'],
    ['a web page', { body: '<html>' }, 'malformed', 'returned something that is not a token'],
    ['nothing', json({}), 'malformed', 'returned something that is not a token'],
  ])('%s from the metadata server', async (_, answer, kind, says) => {
    expectMetadata(answer);
    const hint = kind === 'denied' ? `; ${DEFAULT_HINT}` : '';
    expect(await createRegistryHarness().fetchFailure()).toEqual({
      kind,
      host: HOST,
      message: `no credentials for ${HOST}: Google ${says}${hint}`,
    });
    server.verify();
  });

  it('none at all is waited for as long as a call may take', async () => {
    expectMetadata({ fault: 'hang' });
    expect(await createRegistryHarness(undefined, { timeoutMs: 2000 }).fetchFailure()).toEqual({
      kind: 'timeout',
      host: HOST,
      message: `no credentials for ${HOST}: Google did not return a token in time; ${DEFAULT_HINT}`,
    });
    expectExchange({ fault: 'stall' });
    const harness = createRegistryHarness(surroundings.write('federation.json', federation()), {
      timeoutMs: 2000,
    });
    expect(await harness.fetchFailure()).toMatchObject({ kind: 'timeout' });
  });
});

/** Of the JSON Web Token that was posted. */
function claimsOf(body = ''): unknown {
  const [, claims = ''] = new URLSearchParams(body).get('assertion')?.split('.') ?? [];
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
