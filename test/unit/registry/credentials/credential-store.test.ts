import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createCredentialStore,
  type CredentialStoreDeps,
} from '../../../../src/registry/credentials/credential-store.ts';
import type { Credential } from '../../../../src/registry/credentials/credential.ts';
import { parseReference } from '../../../../src/image/reference.ts';
import type { FetchHttp } from '../../../../src/registry/transport.ts';
import type { ImageReference } from '../../../../src/image/image.ts';

const shop = parseReference('ghcr.io/acme/shop');
const fromEnvironment = { login: { username: 'u', password: { env: 'PASSWORD' } } };

let folder: string;
let configFile: string;
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-credentials-'));
  configFile = join(folder, 'config.json');
  warnings = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Each write is a new file, as Kubernetes swaps them. */
function write(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

function writeConfig(key: string, password: string): void {
  write(configFile, JSON.stringify({ auths: { [key]: { username: 'u', password } } }));
}

function createStore(deps: Partial<CredentialStoreDeps>): (reference: ImageReference) => Promise<Credential> {
  const store = createCredentialStore({
    registries: {},
    dockerConfigFiles: [],
    env: { PASSWORD: 'from-env' },
    warn: (message) => warnings.push(message),
    ...deps,
  });
  return (reference) => store(reference, fetchHttp);
}

const fetchHttp: FetchHttp = async ({ url }) => {
  throw new Error(`unexpected request: ${url.href}`);
};

describe('the credential of an image', () => {
  it('is anonymous when nothing is configured for it', async () => {
    const store = createStore({
      registries: { 'reg.test': fromEnvironment, 'ghcr.io': {} },
    });
    expect(await store(shop)).toMatchObject({ kind: 'anonymous' });
  });

  it('comes from an environment variable, and says so', async () => {
    const store = createStore({ registries: { 'ghcr.io': fromEnvironment } });
    const source = 'registries.ghcr.io in the configuration';
    expect(await store(shop)).toEqual({ kind: 'basic', username: 'u', password: 'from-env', source });
  });

  it('comes from a file, without the line break at its end', async () => {
    const file = join(folder, 'password');
    write(file, 'p w \n');
    const store = createStore({
      registries: { 'ghcr.io': { login: { username: 'u', password: { file } } } },
    });
    expect(await store(shop)).toMatchObject({ password: 'p w ' });
  });

  it("may be a Google service account's key, of several lines, for the user _json_key", async () => {
    const key = '{\n  "type": "service_account",\n  "private_key": "a:b"\n}';
    const file = join(folder, 'key.json');
    write(file, `${key}\n`);
    const registries = { 'ghcr.io': { login: { username: '_json_key', password: { file } } } };
    expect(await createStore({ registries })(shop)).toMatchObject({ username: '_json_key', password: key });
  });

  it("comes from a Docker configuration, with the file's name and key", async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [configFile] });
    expect(await store(shop)).toMatchObject({ password: 'p', source: `${configFile}, auths["ghcr.io"]` });
  });

  it("comes from the configuration before a file with the same key, after one with the image's path", async () => {
    writeConfig('ghcr.io', 'p');
    const registries = { 'ghcr.io': fromEnvironment };
    const store = createStore({ registries, dockerConfigFiles: [configFile] });
    expect(await store(shop)).toMatchObject({ password: 'from-env' });
    writeConfig('ghcr.io/acme', 'p');
    expect(await store(shop)).toMatchObject({ password: 'p' });
  });
});

describe('a file of credentials', () => {
  it('is read again when it has changed', async () => {
    writeConfig('ghcr.io', 'old');
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
    writeConfig('ghcr.io', 'new');
    expect(await store(shop)).toMatchObject({ password: 'new' });
  });

  it('that becomes unreadable keeps its last good content, and is reported once', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
    rmSync(configFile);
    for (let i = 0; i < 3; i++) {
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([`${configFile} cannot be read (ENOENT); the previous content stays in use`]);
  });

  it('that becomes malformed keeps its last good content, and is reported once without its content', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
    write(configFile, 'hunter2');
    for (let i = 0; i < 3; i++) {
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([
      `${configFile} is not a JSON object; expected Docker's config.json; the previous content stays in use`,
    ]);
  });

  it('that becomes unreadable again is reported again', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [configFile] });
    for (let i = 0; i < 2; i++) {
      writeConfig('ghcr.io', 'p');
      await store(shop);
      rmSync(configFile);
      await store(shop);
    }
    expect(warnings).toHaveLength(2);
  });

  it('that recovers is used again', async () => {
    writeConfig('ghcr.io', 'old');
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
    rmSync(configFile);
    await store(shop);
    writeConfig('ghcr.io', 'new');
    expect(await store(shop)).toMatchObject({ password: 'new' });
  });

  it('that was never readable is a failure, because it may contain what a private image needs', async () => {
    const store = createStore({ dockerConfigFiles: [configFile] });
    await expect(store(shop)).rejects.toMatchObject({
      failure: {
        kind: 'denied',
        host: 'ghcr.io',
        message: expect.stringContaining(`${configFile} cannot be read (ENOENT)`),
      },
    });
    expect(warnings).toEqual([`${configFile} cannot be read (ENOENT)`]);
    writeConfig('ghcr.io', 'p');
    expect(await store(shop)).toMatchObject({ password: 'p' });
  });

  it.each(['ghcr.io', 'ghcr.io/acme'])(
    'that was never readable is a failure even if another file has %s: it may have a more specific entry',
    async (key) => {
      writeConfig(key, 'p');
      const store = createStore({ dockerConfigFiles: [configFile, '/none'] });
      await expect(store(shop)).rejects.toMatchObject({ failure: { kind: 'denied' } });
    },
  );

  it('that was never readable is a failure although a glob of registries matches', async () => {
    const registries = { '*.io': fromEnvironment };
    const store = createStore({ registries, dockerConfigFiles: [configFile] });
    await expect(store(shop)).rejects.toMatchObject({ failure: { kind: 'denied' } });
  });

  it('that is unreadable does not affect an image whose host is in registries', async () => {
    const registries = { 'ghcr.io': fromEnvironment };
    const store = createStore({ registries, dockerConfigFiles: [configFile] });
    expect(await store(shop)).toMatchObject({ password: 'from-env' });
  });

  it('with a broken entry fails only for the images of that entry', async () => {
    const good = { username: 'u', password: 'p' };
    write(
      configFile,
      JSON.stringify({ auths: { 'ghcr.io': { username: 'u' }, 'reg.test': good, 'x.test': null } }),
    );
    const store = createStore({ dockerConfigFiles: [configFile] });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ password: 'p' });
    expect(await store(parseReference('other.test/x'))).toMatchObject({ kind: 'anonymous' });
    expect(warnings).toEqual([]);
    await expect(store(shop)).rejects.toMatchObject({
      failure: {
        kind: 'denied',
        message: expect.stringContaining(
          `${configFile}, auths["ghcr.io"]: found a username without a password`,
        ),
      },
    });
  });

  it('with an entry that becomes malformed keeps its last good value, and reports it once', async () => {
    writeConfig('ghcr.io', 'p');
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
    write(configFile, JSON.stringify({ auths: { 'ghcr.io': { auth: 'hunter2!' } } }));
    for (let i = 0; i < 2; i++) {
      expect(await store(shop)).toMatchObject({ password: 'p' });
    }
    expect(warnings).toEqual([
      `${configFile}, auths["ghcr.io"], auth: expected base64 of USERNAME:PASSWORD; its last good value remains in use`,
    ]);
  });

  it('that names a helper for an image mentions it in the missing credential', async () => {
    const credHelpers = { 'gcr.io': 'gcloud' };
    write(configFile, JSON.stringify({ auths: { 'ghcr.io': {} }, credHelpers, credsStore: 'desktop' }));
    const store = createStore({ dockerConfigFiles: [configFile] });
    const ignored = expect.stringContaining(`${configFile}, credsStore is ignored: `);
    expect(await store(shop)).toMatchObject({ kind: 'anonymous', ignored });
    const byHost = expect.stringContaining(`${configFile}, credHelpers["gcr.io"] is ignored: `);
    expect(await store(parseReference('gcr.io/x/y'))).toMatchObject({ kind: 'anonymous', ignored: byHost });
  });

  it('that names helpers is reported once', async () => {
    write(configFile, JSON.stringify({ auths: {}, credsStore: 'desktop' }));
    const store = createStore({ dockerConfigFiles: [configFile] });
    await store(shop);
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
    const store = createStore({ registries: { 'ghcr.io': { identity } }, dockerConfigFiles: [configFile] });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ kind: 'anonymous' });
    expect(await store(shop)).toMatchObject({ username: 'u' });
    expect(shown).toEqual([]);
  });
});

describe('a password that cannot be read', () => {
  it.each([
    ['in a file that is missing', { file: 'none' }, 'none cannot be read (ENOENT)'],
    ['in an empty file', { file: 'empty' }, 'empty is empty'],
    ['in a variable that is not set', { env: 'NONE' }, 'the environment variable NONE is not set or empty'],
  ])('%s makes a failure of its own images, instead of asking without it', async (_, source, message) => {
    write(join(folder, 'empty'), '\n');
    const password = 'env' in source ? source : { file: join(folder, source.file) };
    const store = createStore({ registries: { 'ghcr.io': { login: { username: 'u', password } } } });
    await expect(store(shop)).rejects.toMatchObject({
      failure: { kind: 'denied', message: expect.stringContaining(message) },
    });
    expect(await store(parseReference('reg.test/x'))).toMatchObject({ kind: 'anonymous' });
  });
});
