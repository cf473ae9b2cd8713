/** The image: what it holds, and how it behaves where platforms run it. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';
import { docker, tryDocker } from '../fixtures/containers/docker.ts';
import {
  BUILD_ARGS,
  buildGreenpinImage,
  HARDENED,
  HOST_NETWORK,
  mountHarness,
  type GreenpinImage,
  type RunningContainer,
} from '../fixtures/containers/greenpin-image.ts';

const COMMIT = 'a1'.repeat(20);
/** Of the base: Node and a C library. Of Greenpin: its packages and itself. */
const BUDGET_MB = { total: 190, greenpin: 32 };
const BUILD_TIMEOUT_MS = 600_000;

/** The engine answers over its socket; the image is built by its command. */
const available = inject('registryImage').available && inject('docker').available;

describe.skipIf(!available)('the image', { timeout: 120_000 }, () => {
  let image: GreenpinImage;
  beforeAll(async () => {
    image = await buildGreenpinImage();
  }, BUILD_TIMEOUT_MS);
  afterAll(() => image?.[Symbol.asyncDispose]());

  async function serve(harness: CliHarness, ...options: string[]): Promise<RunningContainer> {
    const container = await image.start([HOST_NETWORK, mountHarness(harness), ...HARDENED, ...options]);
    onTestFinished(() => container[Symbol.asyncDispose]());
    return container;
  }

  describe('runs', () => {
    it.each(['65532:65532', '1000730000', '1000730000:0'])(
      'as user %s, without capabilities, on a read-only file system: the documented request is answered',
      async (user) => {
        await using harness = await createCliHarness();
        const { front, back } = harness.build(COMMIT);
        const container = await serve(harness, `--user=${user}`);
        const response = await ask(harness, await address(container));
        expect([response.status, response.headers.get('greenpin-freshness')]).toEqual([200, 'fresh']);
        expect(await response.json()).toMatchObject({
          output: { parameters: [{ digestFront: front, digestBack: back, build: { commit: COMMIT } }] },
        });
        expect(await container.logs()).not.toContain(harness.token);
      },
    );

    it('and remembers what was handed out over a restart, without a volume being named', async () => {
      await using harness = await createCliHarness();
      const { front } = harness.build(COMMIT);
      const container = await serve(harness);
      expect((await ask(harness, await address(container))).status).toBe(200);
      harness.github.fault({ kind: 'status', status: 503 });
      await docker('restart', container.id);
      const response = await ask(harness, await address(container, 2));
      expect([response.status, response.headers.get('greenpin-freshness')]).toEqual([200, 'stale']);
      expect(await response.json()).toMatchObject({ output: { parameters: [{ digestFront: front }] } });
    });

    it('until SIGTERM: the call in flight is answered, and the status is 0', async () => {
      await using harness = await createCliHarness();
      harness.build(COMMIT);
      const upstream = Promise.withResolvers<undefined>();
      harness.github.fault({ kind: 'wait', until: upstream.promise });
      const container = await serve(harness);
      const answer = ask(harness, await address(container));
      await expect.poll(() => harness.github.requests.length).toBeGreaterThan(0);
      await docker('kill', '--signal=TERM', container.id);
      await container.logged(/"stopping/);
      upstream.resolve(undefined);
      expect((await answer).status).toBe(200);
      expect(await docker('wait', container.id)).toBe('0');
    });

    it('commands, which SIGTERM ends as well, although they are the first process', async () => {
      await using harness = await createCliHarness({ open: true });
      harness.registry.fault({ kind: 'hang' });
      const container = await image.start([HOST_NETWORK], 'digest', `${harness.registry.host}/acme/shop:v1`);
      onTestFinished(() => container[Symbol.asyncDispose]());
      await expect.poll(() => harness.registry.requests.length).toBeGreaterThan(0);
      await docker('kill', '--signal=TERM', container.id);
      expect(await docker('wait', container.id)).toBe('143');
    });
  });

  describe('is healthy', () => {
    it('while serve answers, on the ports that it exposes, and is not when it hangs', async () => {
      await using harness = await createCliHarness();
      harness.configure({ server: { tokenFile: 'token' }, management: {} });
      const often = ['--health-interval=1s', '--health-retries=2', '--health-start-period=0s'];
      const ports = ['--publish=127.0.0.1::4355', '--publish=127.0.0.1::9464'];
      const container = await image.start([mountHarness(harness), ...HARDENED, ...often, ...ports]);
      onTestFinished(() => container[Symbol.asyncDispose]());
      const health = () => docker('inspect', '--format={{.State.Health.Status}}', container.id);
      await expect.poll(health, { interval: 200 }).toBe('healthy');
      const url = async (port: number) => `http://${await docker('port', container.id, `${port}/tcp`)}`;
      expect((await fetch(`${await url(9464)}/readyz`)).status).toBe(200);
      expect((await ask(harness, { server: await url(4355) }, 'wrong')).status).toBe(403);
      await docker('kill', '--signal=STOP', container.id);
      await expect.poll(health, { interval: 200 }).toBe('unhealthy');
      await docker('kill', '--signal=CONT', container.id);
      await expect.poll(health, { interval: 200 }).toBe('healthy');
    });
  });

  describe('refuses to start, in one line and with status 2,', () => {
    it('without a configuration', async () => {
      expect(await image.run(HARDENED)).toEqual({
        status: 2,
        stdout: '',
        stderr:
          'greenpin: /etc/greenpin/greenpin.yaml: found no such file, expected the configuration file; give one by --config FILE or GREENPIN_CONFIG, or write ./greenpin.yaml\n',
      });
    });

    it.each([
      ['read-only', 0o777, ':ro'],
      ["another user's", 0o700, ''],
    ])('where the volume of its state is %s, and says what to do', async (_, mode, option) => {
      await using harness = await createCliHarness();
      const state = join(harness.folder, 'state');
      mkdirSync(state);
      chmodSync(state, mode);
      const { status, stderr } = await image.run([
        mountHarness(harness),
        ...HARDENED,
        `--volume=${state}:/var/lib/greenpin${option}`,
      ]);
      expect(stderr).toBe(
        'greenpin: store.path: found a file or directory that is missing or cannot be opened at "/var/lib/greenpin/greenpin.db", expected a directory that this user can write to; mount a volume there, or set store.path (or GREENPIN_STATE_DIRECTORY) to one\n',
      );
      expect(status).toBe(2);
    });
  });

  describe('has the command', () => {
    it('greenpin, with its version and its help', async () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      expect(await image.run(HARDENED, '--version')).toEqual({
        status: 0,
        stdout: `${version}\n`,
        stderr: '',
      });
      expect((await image.run([], '--help')).stdout).toMatch(/^Usage: greenpin /);
    });

    it('digest, and check, which read the mounted configuration', async () => {
      await using harness = await createCliHarness();
      const { front } = harness.build(COMMIT);
      const mounted = [mountHarness(harness), ...HARDENED];
      const reference = `${harness.registry.host}/acme/shop-front:sha-${COMMIT.slice(0, 7)}`;
      const config = '--config=/etc/greenpin/greenpin.yaml';
      expect(await image.run(mounted, 'digest', config, reference)).toMatchObject({ stdout: `${front}\n` });
      expect(await image.run(mounted, 'check')).toMatchObject({ status: 0, stderr: '' });
    });

    it('greenpin for kubectl exec, too', async () => {
      await using harness = await createCliHarness();
      harness.build(COMMIT);
      const container = await serve(harness);
      await address(container);
      expect(await tryDocker('exec', container.id, 'greenpin', 'resolve', '--branch=feature')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('sha256:'),
      });
    });
  });

  describe('holds', () => {
    it('the packages of production, all of them, and no other', async () => {
      const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
      const production = Object.entries(lock.packages).filter(
        ([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true,
      );
      const packages = (await image.evaluate(PACKAGES)) as string[];
      expect(packages.toSorted()).toEqual(production.map(([path]) => path).toSorted());
    });

    it('everything that is loaded', async () => {
      expect(await image.evaluate(LOAD_ALL)).toEqual([]);
    });

    it('no tests, types or maps of packages, and no tool', async () => {
      const files = (await image.evaluate(listFiles('/app/node_modules'))) as string[];
      const useless = /\.(?:[cm]?ts|map)$|\/(?:tests?|__tests__|benchmarks?|examples)\//;
      expect(files.length).toBeGreaterThan(500);
      expect(files.filter((file) => useless.test(file))).toEqual([]);
      expect(files.filter((file) => /\/licen[cs]e/i.test(file)).length).toBeGreaterThan(100);
      const own = (await image.evaluate(listFiles('/app/dist'))) as string[];
      expect(own.filter((file) => !/\.js(?:\.map)?$/.test(file))).toEqual([]);
    });

    it('nothing that its user could change, but the folder of its state', async () => {
      expect(await image.evaluate(WRITABLE)).toEqual(['/var/lib/greenpin']);
    });

    it('little', async () => {
      const total = Number(await docker('image', 'inspect', '--format={{.Size}}', image.name)) / 1e6;
      const greenpin = Number(await image.evaluate(SIZE)) / 1e6;
      console.log(`The image: ${total.toFixed(0)} MB, of which Greenpin ${greenpin.toFixed(1)} MB`);
      expect(total).toBeLessThan(BUDGET_MB.total);
      expect(greenpin).toBeLessThan(BUDGET_MB.greenpin);
    });

    it('labels, and a user that Kubernetes knows not to be root', async () => {
      const config = JSON.parse(await docker('image', 'inspect', '--format={{json .Config}}', image.name));
      expect(config).toMatchObject({
        User: '65532:65532',
        Entrypoint: ['greenpin'],
        Cmd: ['serve'],
        ExposedPorts: { '4355/tcp': {}, '9464/tcp': {} },
        Volumes: { '/var/lib/greenpin': {} },
        Labels: {
          'org.opencontainers.image.title': 'Greenpin',
          'org.opencontainers.image.description': expect.stringMatching(/^Argo CD ApplicationSet plugin/),
          'org.opencontainers.image.source': 'https://github.com/greenpin/greenpin',
          'org.opencontainers.image.licenses': 'Apache-2.0',
          'org.opencontainers.image.version': BUILD_ARGS.VERSION,
          'org.opencontainers.image.revision': BUILD_ARGS.REVISION,
          'org.opencontainers.image.created': BUILD_ARGS.CREATED,
          'org.opencontainers.image.base.name': 'gcr.io/distroless/nodejs24-debian13:nonroot',
          'org.opencontainers.image.base.digest': 'unknown',
        },
      });
      expect(config.Env).toContain('NODE_ENV=production');
    });
  });
});

/** Where it listens, after so many starts. */
async function address(container: RunningContainer, starts = 1): Promise<{ readonly server: string }> {
  const log = await container.logged(new RegExp(`(?:[^]*?"listening".*\\n){${starts}}`));
  const line = log.split('\n').findLast((each) => each.includes('"listening"')) ?? '';
  return JSON.parse(line) as { server: string };
}

/** As `curl -d` sends it. */
function ask(
  harness: CliHarness,
  { server }: { readonly server: string },
  token = harness.token,
): Promise<Response> {
  return fetch(`${server}/api/v1/getparams.execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: '{"applicationSetName": "previews", "input": {"parameters": {"branch": "feature"}}}',
  });
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
}

const print = (expression: string) => `console.log(JSON.stringify(${expression}))`;

const PACKAGES = `const { globSync } = require('node:fs');
  const found = globSync(['node_modules/**/package.json'], { cwd: '/app' })
    .filter((path) => /(?:^|\\/)node_modules\\/(?:@[^/]+\\/)?[^/]+\\/package\\.json$/.test(path));
  ${print("found.map((path) => path.replace('/package.json', ''))")}`;

const LOAD_ALL = `(async () => {
  const failed = [];
  for (const path of require('node:fs').globSync('/app/dist/**/*.js')) {
    if (path !== '/app/dist/main.js') await import(path).catch((error) => failed.push(path + ': ' + error.message));
  }
  ${print('failed')};
})()`;

const listFiles = (folder: string) => `const { readdirSync } = require('node:fs');
  ${print(`readdirSync('${folder}', { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => parentPath + '/' + name)`)}`;

const WRITABLE = `const { accessSync, constants, globSync } = require('node:fs');
  const writable = (path) => { try { accessSync(path, constants.W_OK); return true; } catch { return false; } };
  ${print("[...globSync('/{app,etc,nodejs,usr,var}/**')].filter((path) => !/^\\/etc\\/(?:hosts|hostname|resolv.conf|mtab)/.test(path)).filter(writable)")}`;

const SIZE = `const { readdirSync, statSync } = require('node:fs');
  const files = readdirSync('/app', { recursive: true }).map((path) => statSync('/app/' + path));
  ${print('files.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)')}`;
