/** A registry's cloud identity as the program uses it: by proxy and TLS, with the cloud's library loaded only where one is configured. */
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { expect, test } from 'vitest';
import { createAuthority } from '../fixtures/network/certificates.ts';
import { createConnectProxy } from '../fixtures/network/connect-proxy.ts';
import { createScriptedServer } from '../fixtures/network/scripted-server.ts';
import { createTlsServer } from '../fixtures/network/tls-server.ts';
import { createCliHarness, GIT_REPOSITORY } from '../fixtures/cli/harness.ts';

const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const PASSWORD = 'a-password-of-ecr';

/** Writes `loads NAME` for each module of a cloud's library that is asked for. */
const WATCHER = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) {
  if (/^(@aws-sdk|@azure|google-auth-library)/.test(name)) process.stderr.write('loads ' + name + '\\n');
  return next(name, context);
} });`;
const WATCHED = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCHER)}` };

function loadedIn(stderr: string): string[] {
  return [...new Set([...stderr.matchAll(/^loads (.*)$/gm)].map(([, name = '']) => name))];
}

/** ECR as it challenges, and as it answers that a tag is not there. */
function answerAsEcr(request: Http2ServerRequest, response: Http2ServerResponse): void {
  const login = Buffer.from(`AWS:${PASSWORD}`).toString('base64');
  const isKnown = request.headers.authorization === `Basic ${login}`;
  const challenge = { 'www-authenticate': `Basic realm="https://${ECR}/",service="ecr.amazonaws.com"` };
  response.writeHead(isKnown ? 404 : 401, { 'content-type': 'application/json', ...(!isKnown && challenge) });
  response.end(JSON.stringify({ errors: [{ code: isKnown ? 'MANIFEST_UNKNOWN' : 'UNAUTHORIZED' }] }));
}

test.concurrent('digest, and check without an identity, load no library of a cloud', async () => {
  await using harness = await createCliHarness({ open: true });
  harness.build('a1'.repeat(20));
  const digest = await harness.run(
    ['digest', `${harness.registry.host}/acme/shop-front:sha-a1a1a1a`],
    WATCHED,
  );
  expect([digest.status, digest.stderr]).toEqual([0, '']);
  const check = await harness.run(['check'], WATCHED);
  expect([check.status, check.stderr]).toEqual([0, '']);
});

test.concurrent(
  'check tells that a registry is reached with an identity, and loads its library only',
  async () => {
    const authority = createAuthority('company');
    await using harness = await createCliHarness({ open: true });
    await using aws = await createScriptedServer();
    await using registry = await createTlsServer(authority.issue(ECR, [ECR]), { handle: answerAsEcr });
    await using proxy = await createConnectProxy({ targetPort: registry.port });
    const data = {
      authorizationToken: Buffer.from(`AWS:${PASSWORD}`).toString('base64'),
      expiresAt: Date.now() / 1000 + 43_200,
    };
    const body = JSON.stringify({ authorizationData: [data] });
    aws.expect(
      { method: 'POST', path: '/' },
      { headers: { 'content-type': 'application/x-amz-json-1.1' }, body },
    );
    harness.write('ca.pem', authority.cert);
    harness.configure({
      server: { tokenFile: 'token', deadline: '20s' },
      registries: { [ECR]: { identity: 'aws', caFile: 'ca.pem' } },
      projects: { shop: { repository: GIT_REPOSITORY, images: { front: `${ECR}/acme/shop:{commit}` } } },
    });
    const { status, stdout, stderr } = await harness.run(['check'], {
      ...WATCHED,
      HTTPS_PROXY: `http://${proxy.host}`,
      NO_PROXY: '127.0.0.1',
      AWS_ENDPOINT_URL_ECR: aws.url,
      AWS_ACCESS_KEY_ID: 'AKIASTATIC',
      AWS_SECRET_ACCESS_KEY: 'hunter2',
    });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `ok registry ${ECR}/acme/shop readable with the credentials from identity aws of registries.${ECR}`,
    );
    expect(status).toBe(0);
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD);
    expect(proxy.asked[0]).toBe(`CONNECT ${ECR}:443`);
    aws.verify();
    const loaded = loadedIn(stderr);
    expect(loaded).toContain('@aws-sdk/client-ecr');
    expect(loaded.filter((name) => !name.startsWith('@aws-sdk/'))).toEqual([]);
  },
);

test.concurrent('a cloud that never answers keeps no command: it ends with what is known', async () => {
  await using harness = await createCliHarness({ open: true });
  await using aws = await createScriptedServer();
  aws.expect({ method: 'POST', path: '/' }, { fault: 'hang' });
  harness.configure({
    registries: { [ECR]: { identity: 'aws' } },
    projects: { shop: { repository: GIT_REPOSITORY, images: { front: `${ECR}/acme/shop:{commit}` } } },
  });
  const { status, stdout } = await harness.run(['check'], {
    AWS_ENDPOINT_URL_ECR: aws.url,
    AWS_ACCESS_KEY_ID: 'AKIASTATIC',
    AWS_SECRET_ACCESS_KEY: 'hunter2',
  });
  expect(status).toBe(1);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    `no credentials for ${ECR}: AWS did not return a token in time;`,
  );
});
