/** The AWS SDK against servers that speak ECR's and STS's documented protocols; it finds them by AWS_ENDPOINT_URL_*. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EcrIdentity } from '../../../../../src/registry/credentials/cloud/aws.ts';
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
  START,
  type CloudHarnessOptions,
  type Surroundings,
} from '../../../../fixtures/registry/cloud-harness.ts';

const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const ROLE = 'arn:aws:iam::123456789012:role/previews';
const OTHER_ROLE = 'arn:aws:iam::999999999999:role/pull';
const PRIVATE: EcrIdentity = {
  cloud: 'aws',
  service: 'ecr',
  region: 'eu-central-1',
  fips: false,
  dualStack: false,
};
const PUBLIC: EcrIdentity = { ...PRIVATE, service: 'ecr-public', region: 'us-east-1' };
const HINT =
  "check the role of this process's service account (IRSA or Pod Identity); the role needs ecr:GetAuthorizationToken";

let server: ScriptedServer;
let surroundings: Surroundings;

beforeEach(async () => {
  server = await createScriptedServer({ inOrder: true });
  surroundings = enterSurroundings({
    AWS_ENDPOINT_URL_ECR: server.url,
    AWS_ENDPOINT_URL_ECR_PUBLIC: server.url,
    AWS_ENDPOINT_URL_STS: server.url,
    AWS_ACCESS_KEY_ID: 'AKIASTATIC',
    AWS_SECRET_ACCESS_KEY: 'hunter2',
  });
});
afterEach(async () => {
  surroundings.leave();
  await server.close();
});

function createRegistryHarness(settings: EcrIdentity = PRIVATE, options?: CloudHarnessOptions) {
  return createCloudHarness(settings.service === 'ecr' ? HOST : 'public.ecr.aws', settings, options);
}

function authorization(password: string, lifeMs = 12 * HOUR): object {
  const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
  return { authorizationToken, expiresAt: (Date.now() + lifeMs) / 1000, proxyEndpoint: `https://${HOST}` };
}

function json(body: object): Answer {
  return { headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) };
}

/** @param keyId of the credentials that the request must be signed with */
function expectEcr(answer: Answer | object, keyId = 'AKIASTATIC', times = 1): void {
  const headers = {
    'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
    authorization: new RegExp(
      `^AWS4-HMAC-SHA256 Credential=${keyId}/20260101/eu-central-1/ecr/aws4_request, `,
    ),
  };
  server.expect({ method: 'POST', path: '/', headers, body: '{}' }, toAnswer(answer), times);
}

function toAnswer(answer: Answer | object): Answer {
  return 'authorizationToken' in answer ? json({ authorizationData: [answer] }) : answer;
}

function refusal(status: number, type: string): Answer {
  const body = { __type: type, message: 'User: arn:aws:sts::123456789012:assumed-role/x is not authorized' };
  return { ...json(body), status };
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html and API_AssumeRole.html */
function expectSts(action: string, answer: Answer, parameters: RegExp, keyId?: string, times = 1): void {
  const authorizing = keyId === undefined ? null : new RegExp(`Credential=${keyId}/`);
  const body = new RegExp(`^Action=${action}&.*${parameters.source}`);
  server.expect({ method: 'POST', path: '/', headers: { authorization: authorizing }, body }, answer, times);
}

function credentialsOf(action: string, keyId: string): Answer {
  const body = `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>
    <AccessKeyId>${keyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
    <Expiration>2026-01-01T01:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`;
  return { headers: { 'content-type': 'text/xml' }, body };
}

function stsRefusal(code: string): Answer {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>hunter2</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
  return { status: 403, headers: { 'content-type': 'text/xml' }, body };
}

/** What EKS puts into a pod for IRSA, in place of the keys. */
function useWebIdentity(): void {
  surroundings.set({
    AWS_ACCESS_KEY_ID: undefined,
    AWS_WEB_IDENTITY_TOKEN_FILE: surroundings.write('token', 'the.pods.token'),
    AWS_ROLE_ARN: ROLE,
  });
}

const WEB = 'AssumeRoleWithWebIdentity';
const WITH_TOKEN =
  /RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpreviews&.*WebIdentityToken=the\.pods\.token/;

describe('ECR', () => {
  it("returns user and password for the registry's region, with their expiry", async () => {
    const harness = createRegistryHarness();
    expectEcr(authorization('p:w'));
    const source = `identity aws of registries.${HOST}`;
    expect(await harness.fetchCredential()).toEqual({
      kind: 'basic',
      username: 'AWS',
      password: 'p:w',
      source,
    });
    setTime(9.6 * HOUR - 1);
    await harness.fetchCredential();
    server.verify();
  });

  it('is called again after 80% of their lifetime, while the old password is used', async () => {
    const harness = createRegistryHarness();
    expectEcr(authorization('old'));
    await harness.fetchCredential();
    setTime(9.6 * HOUR);
    server.expect({ method: 'POST', path: '/' }, () => json({ authorizationData: [authorization('new')] }));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'old' });
    await expect.poll(() => harness.fetchCredential()).toMatchObject({ password: 'new' });
    server.verify();
  });

  it('is called once for a hundred callers', async () => {
    const harness = createRegistryHarness();
    expectEcr(authorization('one'));
    const credentials = await Promise.all(Array.from({ length: 100 }, () => harness.fetchCredential()));
    expect(new Set(credentials).size).toBe(1);
    server.verify();
  });

  it('is trusted for twelve hours at most', async () => {
    const harness = createRegistryHarness();
    expectEcr(authorization('long', 1000 * HOUR));
    await harness.fetchCredential();
    setTime(12 * HOUR);
    expectEcr(authorization('next'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'next' });
  });

  it('that fails at a renewal leaves the old password in use until it expires, with one warning', async () => {
    const harness = createRegistryHarness();
    expectEcr(authorization('old'));
    await harness.fetchCredential();
    setTime(10 * HOUR);
    server.expect({ method: 'POST', path: '/' }, refusal(400, 'AccessDeniedException'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'old' });
    await expect.poll(() => harness.warnings).toHaveLength(1);
    expect(harness.warnings[0]).toBe(
      `no new credentials for ${HOST}: AWS denied the request for a token (AccessDeniedException); ${HINT}; the previous ones stay in use until they expire`,
    );
    setTime(12 * HOUR);
    server.expect({ method: 'POST', path: '/' }, refusal(400, 'AccessDeniedException'));
    expect(await harness.fetchFailure()).toMatchObject({ kind: 'denied' });
    server.verify();
  });
});

describe('the API', () => {
  it.each([
    ["the region's", {}, 'api.ecr.eu-central-1.amazonaws.com'],
    ['its FIPS endpoint', { region: 'us-east-1', fips: true }, 'api.ecr-fips.us-east-1.amazonaws.com'],
    ['its dual-stack endpoint', { dualStack: true }, 'ecr.eu-central-1.api.aws'],
    ['in China', { region: 'cn-north-1' }, 'api.ecr.cn-north-1.amazonaws.com.cn'],
    ['in the European sovereign cloud', { region: 'eusc-de-east-1' }, 'api.ecr.eusc-de-east-1.amazonaws.eu'],
    ['of ECR Public', PUBLIC, 'api.ecr-public.us-east-1.amazonaws.com'],
  ])("is called through the environment's proxy: %s", async (_, changes, endpoint) => {
    await using front = await createTrustedTlsFront(server, endpoint);
    await using proxy = await createConnectProxy({ targetPort: front.port });
    surroundings.set({
      AWS_ENDPOINT_URL_ECR: undefined,
      AWS_ENDPOINT_URL_ECR_PUBLIC: undefined,
      HTTPS_PROXY: `http://${proxy.host}`,
      https_proxy: undefined,
      NO_PROXY: undefined,
      no_proxy: undefined,
    });
    server.expect(
      { method: 'POST', path: '/', headers: { host: endpoint } },
      refusal(400, 'AccessDeniedException'),
    );
    const failure = await createRegistryHarness({ ...PRIVATE, ...changes }).fetchFailure();
    expect(proxy.asked).toEqual([`CONNECT ${endpoint}:443`]);
    expect(failure.kind).toBe('denied');
    server.verify();
  });
});

describe('ECR Public', () => {
  it('is called in us-east-1, wherever the process runs', async () => {
    surroundings.set({ AWS_REGION: 'eu-central-1' });
    const headers = {
      'x-amz-target': 'SpencerFrontendService.GetAuthorizationToken',
      authorization: /Credential=AKIASTATIC\/20260101\/us-east-1\/ecr-public\/aws4_request/,
    };
    server.expect({ method: 'POST', path: '/', headers }, json({ authorizationData: authorization('pub') }));
    expect(await createRegistryHarness(PUBLIC).fetchCredential()).toEqual({
      kind: 'basic',
      username: 'AWS',
      password: 'pub',
      source: 'identity aws of registries.public.ecr.aws',
    });
    server.verify();
  });

  it('that denies is reported with the required permissions', async () => {
    server.expect({ method: 'POST', path: '/' }, refusal(400, 'AccessDeniedException'));
    expect((await createRegistryHarness(PUBLIC).fetchFailure()).message).toContain(
      'the role needs ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken',
    );
  });
});

describe('the identity', () => {
  it('is the role of the service account (IRSA)', async () => {
    useWebIdentity();
    expectSts(WEB, credentialsOf(WEB, 'AKIAWEB'), WITH_TOKEN);
    expectEcr(authorization('p'), 'AKIAWEB');
    expect(await createRegistryHarness().fetchCredential()).toMatchObject({ password: 'p' });
    server.verify();
  });

  it('is the one from the Pod Identity agent', async () => {
    surroundings.set({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: surroundings.write('token', 'the.pods.token'),
    });
    const body = {
      AccessKeyId: 'AKIAPOD',
      SecretAccessKey: 's',
      Token: 't',
      Expiration: '2026-01-01T06:00:00Z',
    };
    const headers = { authorization: 'the.pods.token' };
    server.expect({ method: 'GET', path: '/v1/credentials', headers }, json(body));
    expectEcr(authorization('p'), 'AKIAPOD');
    expect(await createRegistryHarness().fetchCredential()).toMatchObject({ password: 'p' });
    server.verify();
  });

  it("assumes another account's role first, if configured", async () => {
    useWebIdentity();
    expectSts(WEB, credentialsOf(WEB, 'AKIAWEB'), WITH_TOKEN);
    const parameters = /RoleArn=arn%3Aaws%3Aiam%3A%3A999999999999%3Arole%2Fpull&RoleSessionName=greenpin/;
    expectSts('AssumeRole', credentialsOf('AssumeRole', 'AKIAOTHER'), parameters, 'AKIAWEB');
    expectEcr(authorization('p'), 'AKIAOTHER');
    expect(await createRegistryHarness({ ...PRIVATE, roleArn: OTHER_ROLE }).fetchCredential()).toMatchObject({
      password: 'p',
    });
    server.verify();
  });

  it('that may not assume that role is reported', async () => {
    expectSts('AssumeRole', stsRefusal('AccessDenied'), /./, 'AKIASTATIC');
    const message = `no credentials for ${HOST}: AWS denied the request for a token (AccessDenied); ${HINT.replace(
      ';',
      `, the identity must be allowed to assume ${OTHER_ROLE};`,
    )}`;
    expect(await createRegistryHarness({ ...PRIVATE, roleArn: OTHER_ROLE }).fetchFailure()).toEqual({
      kind: 'denied',
      host: HOST,
      message,
    });
  });

  it('that cannot be found is reported, without any request', async () => {
    surroundings.set({ AWS_ACCESS_KEY_ID: undefined });
    expect(await createRegistryHarness().fetchFailure()).toEqual({
      kind: 'denied',
      host: HOST,
      message: `no credentials for ${HOST}: AWS returned no token: this process has no credentials that it accepts; ${HINT}`,
    });
    expect(server.requests).toEqual([]);
  });

  it('whose token file is missing is reported without its path', async () => {
    useWebIdentity();
    surroundings.set({ AWS_WEB_IDENTITY_TOKEN_FILE: '/none/token' });
    expect((await createRegistryHarness().fetchFailure()).message).toBe(
      `no credentials for ${HOST}: AWS returned no token: a credentials file cannot be read (ENOENT); ${HINT}`,
    );
  });

  it.each([
    [
      'a trust policy without it',
      stsRefusal('AccessDenied'),
      'denied',
      'denied the request for a token (AccessDenied)',
    ],
    [
      'an expired token of the pod',
      stsRefusal('ExpiredTokenException'),
      'denied',
      'denied the request for a token (ExpiredTokenException)',
    ],
    ['half an answer of STS', { body: '<AssumeRole' }, 'malformed', 'returned something that is not a token'],
  ] as const)('meets with %s', async (_, answer, kind, says) => {
    useWebIdentity();
    expectSts(WEB, answer, /./);
    const failure = await createRegistryHarness().fetchFailure();
    expect(failure).toMatchObject({ kind, message: expect.stringContaining(`AWS ${says}`) });
    server.verify();
  });
});

describe('an answer without a valid token', () => {
  it.each<[string, Answer, number, string, string]>([
    [
      'a refusal',
      refusal(400, 'AccessDeniedException'),
      1,
      'denied',
      `denied the request for a token (AccessDeniedException); ${HINT}`,
    ],
    [
      'unknown keys',
      refusal(400, 'UnrecognizedClientException'),
      1,
      'denied',
      `denied the request for a token (UnrecognizedClientException); ${HINT}`,
    ],
    ['a limit', refusal(400, 'ThrottlingException'), 2, 'rate_limited', 'limits the rate of token requests'],
    ['a limit by its status', { status: 429 }, 2, 'rate_limited', 'limits the rate of token requests'],
    ['a fault', { status: 500, body: 'request 4711' }, 2, 'unavailable', 'cannot issue a token now (500)'],
    ['a web page', { body: '<html>' }, 1, 'malformed', 'returned something that is not a token'],
    ['nothing', json({}), 1, 'malformed', 'answers without a token'],
    ['an empty list', json({ authorizationData: [] }), 1, 'malformed', 'answers without a token'],
    [
      'no user and password',
      json({ authorizationData: [{ authorizationToken: 'xx', expiresAt: 2e9 }] }),
      1,
      'malformed',
      'answers without a token',
    ],
    [
      'no expiry',
      json({ authorizationData: [{ authorizationToken: 'QVdTOnB3' }] }),
      1,
      'malformed',
      'returned a token without an expiry',
    ],
    [
      'a token that has expired',
      json({ authorizationData: [{ authorizationToken: 'QVdTOnB3', expiresAt: START / 1000 }] }),
      1,
      'malformed',
      "returned a token that has already expired (check this machine's clock)",
    ],
    [
      'a connection that breaks',
      { fault: 'reset' },
      2,
      'unreachable',
      `returned no token: its token service cannot be reached (ECONNRESET); ${HINT}`,
    ],
    [
      'half an answer',
      { fault: 'truncate' },
      2,
      'unreachable',
      `returned no token: its token service cannot be reached (ECONNRESET); ${HINT}`,
    ],
  ])('%s', async (_, answer, times, kind, says) => {
    expectEcr(answer, 'AKIASTATIC', times);
    const harness = createRegistryHarness();
    const failure = await harness.fetchFailure();
    expect(failure).toEqual({ kind, host: HOST, message: `no credentials for ${HOST}: AWS ${says}` });
    server.verify();
    expectEcr(authorization('afterwards'));
    expect(await harness.fetchCredential()).toMatchObject({ password: 'afterwards' });
  });

  it.each([
    ['none at all from ECR', () => expectEcr({ fault: 'hang' })],
    ['half of one from ECR', () => expectEcr({ fault: 'stall' })],
    ['none at all from STS', () => (useWebIdentity(), expectSts(WEB, { fault: 'hang' }, /./))],
    [
      'none at all from the Pod Identity agent',
      () => {
        surroundings.set({
          AWS_ACCESS_KEY_ID: undefined,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/v1/credentials`,
        });
        server.expect({ method: 'GET', path: '/v1/credentials' }, { fault: 'hang' });
      },
    ],
  ])('%s is waited for as long as a call may take', async (_, prepare) => {
    prepare();
    const failure = await createRegistryHarness(PRIVATE, { timeoutMs: 2000 }).fetchFailure();
    expect(failure).toEqual({
      kind: 'timeout',
      host: HOST,
      message: `no credentials for ${HOST}: AWS did not return a token in time; ${HINT}`,
    });
  });
});
