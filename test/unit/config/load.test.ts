import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/errors.ts';
import { parseImageTemplate } from '../../../src/image/template.ts';
import { CI, load, PROJECTS, refusals } from '../../fixtures/config/configurations.ts';

const SMALL = `
connections: {gh: {kind: github}}
projects: {shop: {repository: acme/shop, images: {front: 'ghcr.io/acme/front:{commit:7}'}}}
`;

const LARGE = `
server: {host: 127.0.0.1, port: 8080, tokenEnv: PLUGIN_TOKEN, deadline: 1.5s, patience: 250ms}
management: {host: '::1', port: 8081}
freshFor: 500ms
maxFreshFor: 1h
store: {kind: memory}
connections:
  gh: {kind: github, url: https://github.example.com/api/v3/, tokenFile: secrets/token}
  env: {kind: github, tokenEnv: CI_TOKEN}
  app: {kind: github, app: {id: 12345, installationId: '6789', privateKeyFile: ../key.pem}}
registries:
  ghcr.io: {username: bot, passwordFile: /run/password}
  quay.io: {username: bot, passwordEnv: QUAY_PASSWORD}
  registry.local:5000: {http: true}
dockerConfigFiles: [docker.json, /run/docker.json]
projects:
  shop:
    ci: app
    repository: acme/shop
    workflows: [.github/workflows/build.yml, .github/workflows/test.yaml]
    events: [push, workflow_dispatch]
    forks: true
    lookback: 20
    onNoBuild: error
    images:
      back: {reference: 'ghcr.io/acme/back:{branch}', platform: linux/arm/v7, handOut: 'mirror.local:5000/acme/back', onMissing: previous, revision: require}
      front: ghcr.io/acme/front:sha-{commit:7}
  1:
    ci: gh
    repository: acme/other.js
    images: {constructor: 'nginx:1'}
`;

const ENV = { PLUGIN_TOKEN: 'a', CI_TOKEN: 'b', QUAY_PASSWORD: 'c' };

describe('a configuration with what has no default', () => {
  const config = load(SMALL);

  it('listens where Argo CD documents it, with the token mounted where Argo CD documents it', () => {
    expect(config.server).toEqual({
      host: '::',
      port: 4355,
      token: { file: '/var/run/argo/token' },
      deadlineMs: 20_000,
      patienceMs: 2_000,
    });
    expect(config.management).toEqual({ host: '::', port: 9464 });
  });

  it('is fresh for 15 s, at most 5 min, and remembers for 30 days in a file beside it', () => {
    expect(config).toMatchObject({
      freshForMs: 15_000,
      maxFreshForMs: 300_000,
      store: { kind: 'sqlite', path: 'deploy/greenpin.db', forgetAfterMs: 30 * 86_400_000 },
    });
  });

  it('asks api.github.com anonymously, and knows of no registry credentials', () => {
    const url = 'https://api.github.com';
    expect([...config.connections.values()]).toEqual([
      { name: 'gh', kind: 'github', url, auth: { kind: 'none' } },
    ]);
    expect(config.registries.size).toBe(0);
    expect(config.dockerConfigFiles).toEqual([]);
  });

  it('has the project on the only connection, with the documented defaults', () => {
    expect([...config.projects.values()]).toEqual([
      {
        name: 'shop',
        builds: 'runs',
        statuses: [],
        ci: 'gh',
        git: 'gh',
        gitRepository: 'acme/shop',
        ciRepository: 'acme/shop',
        workflows: [],
        events: ['push', 'pull_request'],
        forks: false,
        blocked: 'pending',
        lookback: 5,
        onNoBuild: 'empty',
        images: [
          {
            name: 'front',
            template: parseImageTemplate('ghcr.io/acme/front:{commit:7}'),
            onMissing: 'reject',
            revision: 'auto',
          },
        ],
      },
    ]);
  });
});

describe('a configuration that says everything', () => {
  const config = load(LARGE, ENV);

  it('gives the server and the durations as said', () => {
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8080,
      token: { env: 'PLUGIN_TOKEN' },
      deadlineMs: 1_500,
      patienceMs: 250,
    });
    expect(config).toMatchObject({
      file: 'deploy/greenpin.yaml',
      management: { host: '::1', port: 8081 },
      freshForMs: 500,
      maxFreshForMs: 3_600_000,
    });
  });

  it('gives connections by name, relative paths from the folder of the file, and ids as strings', () => {
    expect(config.connections.get('gh')).toEqual({
      name: 'gh',
      kind: 'github',
      url: 'https://github.example.com/api/v3',
      auth: { kind: 'token', source: { file: 'deploy/secrets/token' } },
    });
    expect(config.connections.get('env')?.auth).toEqual({ kind: 'token', source: { env: 'CI_TOKEN' } });
    expect(config.connections.get('app')?.auth).toEqual({
      kind: 'app',
      id: '12345',
      installationId: '6789',
      privateKeyFile: 'key.pem',
    });
  });

  it('gives registries by host, and plain http only where it is said', () => {
    expect([...config.registries.values()]).toEqual([
      {
        host: 'ghcr.io',
        credentials: { username: 'bot', password: { file: '/run/password' } },
      },
      {
        host: 'quay.io',
        credentials: { username: 'bot', password: { env: 'QUAY_PASSWORD' } },
      },
      { host: 'registry.local:5000', http: true },
    ]);
    expect(config.dockerConfigFiles).toEqual(['deploy/docker.json', '/run/docker.json']);
  });

  it("takes ~ in the path of a Docker configuration for the home, and no other user's", () => {
    const text = `${CI}\n${PROJECTS}\ndockerConfigFiles: [~/.docker/config.json, '~']`;
    expect(load(text, { HOME: '/home/me/' }).dockerConfigFiles).toEqual([
      '/home/me/.docker/config.json',
      '/home/me',
    ]);
    const expected = 'expected the path of a file, for example /var/run/secrets/registry/.dockerconfigjson';
    expect(refusals('dockerConfigFiles: [~bot/config.json]', { HOME: '/home/me' })).toEqual([
      `3:21 dockerConfigFiles[0]: found "~bot/config.json", ${expected}`,
    ]);
    expect(refusals('dockerConfigFiles: [~/config.json]')).toEqual([
      '3:21 dockerConfigFiles[0]: found "~/config.json" while HOME is not set, expected a path without ~',
    ]);
  });

  it('gives each project its own settings', () => {
    expect(config.projects.get('shop')).toMatchObject({
      ci: 'app',
      workflows: ['.github/workflows/build.yml', '.github/workflows/test.yaml'],
      events: ['push', 'workflow_dispatch'],
      forks: true,
      lookback: 20,
      onNoBuild: 'error',
    });
  });

  it('gives images in the order of the file, with their platform parsed', () => {
    const images = config.projects.get('shop')?.images ?? [];
    expect(images.map(({ name }) => name)).toEqual(['back', 'front']);
    expect(images[0]).toMatchObject({
      template: { immutable: false },
      platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
      handOut: 'mirror.local:5000/acme/back',
      onMissing: 'previous',
      revision: 'require',
    });
    expect(images[1]).toMatchObject({ platform: undefined, handOut: undefined });
  });

  it("knows nothing of the user's own keys, but for what their anchors bring in", () => {
    const plain = load(`
server: {patience: 1s}
connections: {gh: {kind: github}}
projects:
  shop: {repository: acme/shop, images: {front: 'x:{commit}'}}
  x-shop: {repository: acme/other, images: {front: 'x:{commit}', x-back: 'y:{commit}'}}
`);
    const anchored = load(`
x-images: &images {front: 'x:{commit}'}
x-connection: &connection {kind: github, x-b: 1}
server: {patience: 1s, x-a: 1}
connections: {gh: *connection}
projects:
  shop: {repository: acme/shop, images: *images, x-a: 1}
  x-shop: {repository: acme/other, images: {<<: *images, x-back: {reference: 'y:{commit}', x-a: 1}}}
`);
    expect(anchored).toStrictEqual(plain);
  });

  it('takes names that look like numbers or like JavaScript for names', () => {
    expect(config.projects.get('1')?.images[0]?.name).toBe('constructor');
    expect(config.projects.get('constructor')).toBeUndefined();
  });
});

/** The file that is read, where there is only there.yaml. */
function reading(file: string | undefined, env: Record<string, string>): string {
  return loadConfig({ file, env, readFile: readThere }).file;
}

function readThere(path: string): string {
  return path === 'there.yaml' ? SMALL : readFileSync('/nowhere/at/all', 'utf8');
}

describe('the file', () => {
  it('is what --config says, before GREENPIN_CONFIG', () => {
    expect(reading('there.yaml', { GREENPIN_CONFIG: 'other.yaml' })).toBe('there.yaml');
  });

  it('is what GREENPIN_CONFIG says, before greenpin.yaml', () => {
    expect(reading(undefined, { GREENPIN_CONFIG: 'there.yaml' })).toBe('there.yaml');
    expect(reading('', { GREENPIN_CONFIG: 'there.yaml' })).toBe('there.yaml');
  });

  it('is greenpin.yaml when nothing is said', () => {
    expect(() => reading(undefined, { GREENPIN_CONFIG: '' })).toThrow(
      new ConfigError([
        'greenpin.yaml: found no such file, expected the configuration file; name it with --config FILE or GREENPIN_CONFIG, or create ./greenpin.yaml',
      ]),
    );
  });

  it.each(['utf16le with a mark', 'utf16le', 'utf16be with a mark'])(
    'in UTF-16 is told as that: %s',
    (encoding) => {
      const mark = encoding.endsWith('mark') ? '\ufeff' : '';
      const bytes = Buffer.from(`${mark}${SMALL}`, 'utf16le');
      const readFile = () => (encoding.startsWith('utf16be') ? bytes.swap16() : bytes).toString('utf8');
      expect(() => loadConfig({ file: 'x.yaml', env: {}, readFile })).toThrow(
        new ConfigError(['x.yaml: found UTF-16, expected UTF-8; save it in that encoding']),
      );
    },
  );

  it('from standard input (--config -) is named as such', () => {
    expect(() => loadConfig({ file: '-', env: {}, readFile: () => 'a: [1' })).toThrow(
      /^standard input:\d+:\d+ found /,
    );
  });

  it('from standard input has relative paths from the working directory', () => {
    const text = SMALL + '\ndockerConfigFiles: [docker.json]\n';
    const config = loadConfig({ file: '-', env: {}, readFile: () => text });
    expect([config.file, config.dockerConfigFiles]).toEqual(['standard input', ['docker.json']]);
  });

  it.each([
    ['EISDIR', 'found a directory'],
    ['EACCES', 'found a file without read permission'],
    ['EPERM', 'found a file without read permission'],
    ['ENOTDIR', 'found no such file'],
    ['EIO', 'found a file that cannot be read'],
  ])('that fails with %s is one line: %s', (code, found) => {
    const readFile = () => {
      throw Object.assign(new Error('read'), { code });
    };
    expect(() => loadConfig({ file: 'x.yaml', env: {}, readFile })).toThrow(
      new ConfigError([
        `x.yaml: ${found}, expected the configuration file; name it with --config FILE or GREENPIN_CONFIG, or create ./greenpin.yaml`,
      ]),
    );
  });
});

function databaseOf(store: string, env: Record<string, string> = {}): string | undefined {
  const readFile = () => `${SMALL}\nstore: ${store}`;
  const config = loadConfig({ file: 'deploy/greenpin.yaml', env, readFile });
  return config.store.kind === 'sqlite' ? config.store.path : undefined;
}

describe('the database', () => {
  const state = { GREENPIN_STATE_DIRECTORY: '/var/lib/greenpin' };

  it("is in the configuration file's folder when nothing else is said", () => {
    expect(databaseOf('{kind: sqlite}')).toBe('deploy/greenpin.db');
    expect(databaseOf('{kind: sqlite}', { GREENPIN_STATE_DIRECTORY: '' })).toBe('deploy/greenpin.db');
  });

  it('is in the folder that GREENPIN_STATE_DIRECTORY names', () => {
    expect(databaseOf('{kind: sqlite}', state)).toBe('/var/lib/greenpin/greenpin.db');
    expect(loadConfig({ env: state, readFile: () => SMALL }).store).toMatchObject({
      path: '/var/lib/greenpin/greenpin.db',
    });
  });

  it('is where store.path says, whatever the environment says', () => {
    expect(databaseOf('{kind: sqlite, path: ./greenpin.db}', state)).toBe('deploy/greenpin.db');
    expect(databaseOf('{kind: sqlite, path: /data/pins.db}', state)).toBe('/data/pins.db');
  });
});
