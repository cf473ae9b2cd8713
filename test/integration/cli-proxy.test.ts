/** The commands as processes behind a proxy: nothing but the proxy can reach `github.test` and `reg.test`. */
import { expect, test } from 'vitest';
import { createAuthority } from '../fixtures/network/certificates.ts';
import { createConnectProxy, type ConnectProxy } from '../fixtures/network/connect-proxy.ts';
import { createTlsFront } from '../fixtures/network/tls-front.ts';
import { createCliHarness, GIT_REPOSITORY, type CliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = 'a1'.repeat(20);
const authority = createAuthority('the company');

interface RegistryHarness extends AsyncDisposable {
  readonly cli: CliHarness;
  readonly proxy: ConnectProxy;
  readonly digests: Readonly<Record<string, string>>;
}

/** GitHub and the registry are served by https under names of their own, the registry by http under one more: `plain.test`. */
async function createProxiedHarness(): Promise<RegistryHarness> {
  const cli = await createCliHarness({ open: true });
  const digests = cli.build(COMMIT);
  const ports = {
    github: Number(new URL(cli.github.url).port),
    registry: Number(cli.registry.host.split(':')[1]),
  };
  const github = await createTlsFront(authority.issue('server', ['github.test']), ports.github);
  const registry = await createTlsFront(authority.issue('server', ['reg.test']), ports.registry);
  const targets = new Map([
    ['github.test:443', github.port],
    ['reg.test:443', registry.port],
    ['plain.test', ports.registry],
  ]);
  const proxy = await createConnectProxy({ targetPort: (host) => targets.get(host) ?? 9 });
  cli.write('ca.pem', authority.cert);
  cli.configure({
    connections: {
      github: { kind: 'github', url: 'https://github.test', tokenFile: 'github', caFile: 'ca.pem' },
    },
    registries: { 'reg.test': { caFile: 'ca.pem' }, 'plain.test': { http: true } },
    projects: {
      shop: {
        repository: GIT_REPOSITORY,
        images: {
          front: 'reg.test/acme/shop-front:sha-{commit:7}',
          back: 'plain.test/acme/shop-back:sha-{commit:7}',
        },
      },
    },
  });
  return {
    cli,
    proxy,
    digests,
    async [Symbol.asyncDispose]() {
      await Promise.all([proxy, github, registry].map((server) => server[Symbol.asyncDispose]()));
      await cli[Symbol.asyncDispose]();
    },
  };
}

const MANIFEST = 'HEAD http://plain.test/v2/acme/shop-back/manifests/sha-a1a1a1a';

test.concurrent('digest asks https by a tunnel, and http of the proxy itself', async () => {
  await using harness = await createProxiedHarness();
  const { cli, proxy, digests } = harness;
  const images = ['reg.test/acme/shop-front:sha-a1a1a1a', 'plain.test/acme/shop-back:sha-a1a1a1a'];
  const env = { HTTPS_PROXY: `http://${proxy.host}`, http_proxy: proxy.host };
  expect(await cli.run(['digest', '--config', 'greenpin.yaml', ...images], env)).toEqual({
    status: 0,
    stdout: `${images[0]} ${digests['front']}\n${images[1]} ${digests['back']}\n`,
    stderr: '',
  });
  expect(proxy.asked.toSorted()).toEqual(['CONNECT reg.test:443', MANIFEST]);
});

test.concurrent('digest needs no configuration for it, and takes ALL_PROXY', async () => {
  await using harness = await createProxiedHarness();
  const { cli, proxy, digests } = harness;
  const env = { ALL_PROXY: proxy.host, NODE_EXTRA_CA_CERTS: 'ca.pem' };
  expect(await cli.run(['digest', 'reg.test/acme/shop-front:sha-a1a1a1a'], env)).toEqual({
    status: 0,
    stdout: `${digests['front']}\n`,
    stderr: '',
  });
  expect(proxy.asked).toEqual(['CONNECT reg.test:443']);
});

test.concurrent('resolve and check ask CI and the registries through it', async () => {
  await using harness = await createProxiedHarness();
  const { cli, proxy } = harness;
  const env = { all_proxy: `http://${proxy.host}` };
  const resolved = await cli.run(['resolve', '--branch', 'feature'], env);
  expect([resolved.status, resolved.stderr]).toEqual([0, '']);
  const checked = await cli.run(['check'], env);
  expect([checked.status, checked.stderr]).toEqual([0, '']);
  expect(checked.stdout).toContain('0 failed');
  expect(new Set(proxy.asked.map((line) => line.split(/[ /]+/).slice(0, 3).join(' ')))).toEqual(
    new Set([
      'CONNECT github.test:443',
      'CONNECT reg.test:443',
      'HEAD http: plain.test',
      'GET http: plain.test',
    ]),
  );
});

test.concurrent('a variable that is no proxy is one line for each command: exit status 2', async () => {
  await using cli = await createCliHarness({ open: true });
  const env = { HTTPS_PROXY: 'socks5://bot:hunter2@proxy.test' };
  const line =
    'greenpin: the environment variable HTTPS_PROXY: found a SOCKS proxy, expected an HTTP proxy, ' +
    'for example http://proxy.local:3128; SOCKS is not supported\n';
  for (const args of [
    ['digest', 'reg.test/x:v1'],
    ['check'],
    ['resolve', '--branch', 'feature'],
    ['serve'],
  ]) {
    expect(await cli.run(args, env), args[0]).toEqual({ status: 2, stdout: '', stderr: line });
  }
});
