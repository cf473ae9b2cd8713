import { beforeEach, describe, expect, it } from 'vitest';
import {
  createCredentialStore,
  type CredentialStoreDeps,
} from '../../../../src/registry/credentials/credential-store.ts';
import type { Credential } from '../../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import type { FetchHttp } from '../../../../src/registry/transport.ts';
import type { FileAccess } from '../../../../src/secrets/watched-file.ts';
import type { ImageReference } from '../../../../src/image/image.ts';

const CONFIG = '/secrets/config.json';
const shop = parseReference('ghcr.io/acme/shop');

/** Files in memory; each write is a new inode, as Kubernetes swaps them. */
let contents: Map<string, { text: string; ino: number }>;
let reads: string[];
let warnings: string[];
let time: number;
let inode: number;

const files: FileAccess = {
  stat: async (path) => ({ mtimeMs: 0, ino: lookUp(path).ino, size: lookUp(path).text.length }),
  readFile: async (path) => {
    reads.push(path);
    return lookUp(path).text;
  },
};

function lookUp(path: string): { text: string; ino: number } {
  const file = contents.get(path);
  if (file === undefined) throw Object.assign(new Error('secret details'), { code: 'ENOENT' });
  return file;
}

function write(path: string, text: string): void {
  contents.set(path, { text, ino: ++inode });
}

function writeConfig(key: string, password: string): void {
  write(CONFIG, JSON.stringify({ auths: { [key]: { username: 'u', password } } }));
}

function createStore(deps: Partial<CredentialStoreDeps>): (reference: ImageReference) => Promise<Credential> {
  const store = createCredentialStore({
    registries: {},
    dockerConfigFiles: [],
    files,
    readEnvironment: (name) => (name === 'PASSWORD' ? 'from-env' : undefined),
    now: () => time,
    warn: (message) => warnings.push(message),
    ...deps,
  });
  return (reference) => store(reference, fetchHttp);
}

const fetchHttp: FetchHttp = async ({ url }) => {
  throw new Error(`unexpected request: ${url.href}`);
};

beforeEach(() => {
  contents = new Map();
  reads = [];
  warnings = [];
  time = 0;
  inode = 0;
});

describe('the credential of an image', () => {
  it('is anonymous when nothing is configured for it', async () => {
    const store = createStore({
      registries: { 'reg.test': { username: 'u', passwordEnv: 'PASSWORD' }, 'ghcr.io': {} },
    });
    expect(await store(shop)).toMatchObject({ kind: 'anonymous' });
  });

  it('comes from an environment variable, and says so', async () => {
    const store = createStore({ registries: { 'ghcr.io': { username: 'u', passwordEnv: 'PASSWORD' } } });
    const source = 'registries.ghcr.io in the configuration';
    expect(await store(shop)).toEqual({ kind: 'basic', username: 'u', password: 'from-env', source });
  });

  it('comes from a file, without the line break at its end', async () => {
    write('/secrets/password', 'p w \n');
    const store = createStore({
      registries: { 'ghcr.io': { username: 'u', passwordFile: '/secrets/password' } },
    });
    expect(await store(shop)).toMatchObject({ password: 'p w ' });
  });

  it("may be a Google service account's key, of several lines, for the user _json_key", async () => {
    const key = '{\n  "type": "service_account",\n  "private_key": "a:b"\n}';
    write('/secrets/key.json', `${key}\n`);
    const registries = { 'ghcr.io': { username: '_json_key', passwordFile: '/secrets/key.json' } };
    expect(await createStore({ registries })(shop)).toMatchObject({ username: '_json_key', password: key });
  });

  it("comes from a Docker configuration, with the file's name and key", async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    expect(await store(shop)).toMatchObject({ password: 'p', source: `${CONFIG}, auths["ghcr.io"]` });
  });

  it("comes from the configuration before a file with the same key, after one with the image's path", async () => {
    writeConfig('ghcr.io', 'p');
    const registries = { 'ghcr.io': { username: 'u', passwordEnv: 'PASSWORD' } };
    const store = createStore({ registries, dockerConfigFiles: [CONFIG] });
    expect(await store(shop)).toMatchObject({ password: 'from-env' });
    writeConfig('ghcr.io/acme', 'p');
    time += 1000;
    expect(await store(shop)).toMatchObject({ password: 'p' });
  });
});

describe('a file of credentials', () => {
  it('is read again when it has changed, and checked at most once a second', async () => {
    writeConfig('ghcr.io', 'old');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    writeConfig('ghcr.io', 'new');
    time += 999;
    expect(await store(shop)).toMatchObject({ password: 'old' });
    time += 1;
    expect(await store(shop)).toMatchObject({ password: 'new' });
    time += 1000;
    await Promise.all([store(shop), store(shop)]);
    expect(reads).toEqual([CONFIG, CONFIG]);
  });

  it('is read again after the clock was set back', async () => {
    writeConfig('ghcr.io', 'old');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    writeConfig('ghcr.io', 'new');
    time -= 3_600_000;
    expect(await store(shop)).toMatchObject({ password: 'new' });
  });

  it('that becomes unreadable keeps its last good content, and is reported once', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    contents.delete(CONFIG);
    for (let i = 0; i < 3; i++) {
      time += 1000;
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([`${CONFIG} cannot be read (ENOENT); the previous content stays in use`]);
  });

  it('that becomes malformed keeps its last good content, and is reported once without its content', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    write(CONFIG, 'hunter2');
    for (let i = 0; i < 3; i++) {
      time += 1000;
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([
      `${CONFIG} is not a JSON object; expected Docker's config.json; the previous content stays in use`,
    ]);
  });

  it('that becomes unreadable again is reported again', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    const file = lookUp(CONFIG);
    for (let i = 0; i < 2; i++) {
      contents.set(CONFIG, file);
      time += 1000;
      await store(shop);
      contents.delete(CONFIG);
      time += 1000;
      await store(shop);
    }
    expect(warnings).toHaveLength(2);
  });

  it('that recovers is used again', async () => {
    writeConfig('ghcr.io', 'old');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    contents.delete(CONFIG);
    time += 1000;
    await store(shop);
    writeConfig('ghcr.io', 'new');
    time += 1000;
    expect(await store(shop)).toMatchObject({ password: 'new' });
  });

  it('that was never readable is a failure, because it may contain what a private image needs', async () => {
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await expect(store(shop)).rejects.toMatchObject({
      failure: {
        kind: 'denied',
        host: 'ghcr.io',
        message: expect.stringContaining(`${CONFIG} cannot be read (ENOENT)`),
      },
    });
    expect(warnings).toEqual([`${CONFIG} cannot be read (ENOENT)`]);
    writeConfig('ghcr.io', 'p');
    time += 1000;
    expect(await store(shop)).toMatchObject({ password: 'p' });
  });

  it.each(['ghcr.io', 'ghcr.io/acme'])(
    'that was never readable is a failure although another file has %s: it may have a more specific entry',
    async (key) => {
      writeConfig(key, 'p');
      const store = createStore({ dockerConfigFiles: [CONFIG, '/none'] });
      await expect(store(shop)).rejects.toMatchObject({ failure: { kind: 'denied' } });
    },
  );

  it('that was never readable is a failure although a glob of registries matches', async () => {
    const registries = { '*.io': { username: 'u', passwordEnv: 'PASSWORD' } };
    const store = createStore({ registries, dockerConfigFiles: [CONFIG] });
    await expect(store(shop)).rejects.toMatchObject({ failure: { kind: 'denied' } });
  });

  it('that is unreadable does not affect an image whose host is in registries', async () => {
    const registries = { 'ghcr.io': { username: 'u', passwordEnv: 'PASSWORD' } };
    const store = createStore({ registries, dockerConfigFiles: [CONFIG] });
    expect(await store(shop)).toMatchObject({ password: 'from-env' });
  });

  it('with a broken entry fails only for the images of that entry', async () => {
    const good = { username: 'u', password: 'p' };
    write(
      CONFIG,
      JSON.stringify({ auths: { 'ghcr.io': { username: 'u' }, 'reg.test': good, 'x.test': null } }),
    );
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ password: 'p' });
    expect(await store(parseReference('other.test/x'))).toMatchObject({ kind: 'anonymous' });
    expect(warnings).toEqual([]);
    await expect(store(shop)).rejects.toMatchObject({
      failure: {
        kind: 'denied',
        message: expect.stringContaining(`${CONFIG}, auths["ghcr.io"]: found a username without a password`),
      },
    });
  });

  it('with an entry that becomes malformed keeps its last good value, and reports it once', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    write(CONFIG, JSON.stringify({ auths: { 'ghcr.io': { auth: 'hunter2!' } } }));
    for (let i = 0; i < 2; i++) {
      time += 1000;
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([
      `${CONFIG}, auths["ghcr.io"], auth: expected base64 of USERNAME:PASSWORD; its last good value remains in use`,
    ]);
  });

  it('that names a helper for an image mentions it in the missing credential', async () => {
    const credHelpers = { 'gcr.io': 'gcloud' };
    write(CONFIG, JSON.stringify({ auths: { 'ghcr.io': {} }, credHelpers, credsStore: 'desktop' }));
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    const ignored = expect.stringContaining(`${CONFIG}, credsStore is ignored: `);
    expect(await store(shop)).toMatchObject({ kind: 'anonymous', ignored });
    const byHost = expect.stringContaining(`${CONFIG}, credHelpers["gcr.io"] is ignored: `);
    expect(await store(parseReference('gcr.io/x/y'))).toMatchObject({ kind: 'anonymous', ignored: byHost });
  });

  it('that names helpers is reported once', async () => {
    write(CONFIG, JSON.stringify({ auths: {}, credsStore: 'desktop' }));
    const store = createStore({ dockerConfigFiles: [CONFIG] });
    await store(shop);
    time += 1000;
    await store(shop);
    expect(warnings).toHaveLength(1);
  });
});

describe('an identity', () => {
  const credential: Credential = { kind: 'basic', username: 'AWS', password: 'p', source: 'identity' };
  let shown: FetchHttp[];
  beforeEach(() => {
    shown = [];
  });
  const identity = {
    fetchCredential: async (given: FetchHttp) => {
      shown.push(given);
      return credential;
    },
  };

  it("gives its registry's images their credential, through the registry client's own transport", async () => {
    const store = createStore({ registries: { 'ghcr.io': { identity } } });
    expect(await store(shop)).toBe(credential);
    expect(shown).toEqual([fetchHttp]);
  });

  it('is not used for images of other registries, nor for those with their own credential', async () => {
    writeConfig('ghcr.io/acme', 'p');
    const store = createStore({ registries: { 'ghcr.io': { identity } }, dockerConfigFiles: [CONFIG] });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ kind: 'anonymous' });
    expect(await store(shop)).toMatchObject({ username: 'u' });
    expect(shown).toEqual([]);
  });
});

describe('a password that cannot be read', () => {
  it.each([
    [
      'in a file that is missing',
      { passwordFile: '/none' },
      'registries.ghcr.io in the configuration: /none cannot be read (ENOENT)',
    ],
    ['in an empty file', { passwordFile: '/empty' }, '/empty is empty or not set; expected the password'],
    [
      'in a variable that is not set',
      { passwordEnv: 'NONE' },
      'the environment variable NONE is empty or not set',
    ],
    ['nowhere', {}, 'expected passwordFile or passwordEnv'],
  ])('%s is a failure for its images, which are not requested without it', async (_, login, message) => {
    write('/empty', '\n');
    const store = createStore({ registries: { 'ghcr.io': { username: 'u', ...login } } });
    await expect(store(shop)).rejects.toMatchObject({
      failure: { kind: 'denied', message: expect.stringContaining(message) },
    });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ kind: 'anonymous' });
  });
});
