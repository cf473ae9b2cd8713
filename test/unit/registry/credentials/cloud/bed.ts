/**
 * What every test of a cloud's identity needs: the real library, pointed at loopback by its own settings, in an environment that holds
 * nothing else; and the date, which the libraries read by themselves, standing still.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { vi } from 'vitest';
import { UpstreamError, type UpstreamFailure } from '../../../../../src/errors.ts';
import type { Credential } from '../../../../../src/registry/credentials/credential.ts';
import { createEndpoints } from '../../../../../src/registry/endpoints.ts';
import { HostLimiter } from '../../../../../src/resilience/host-limiter.ts';
import {
  createIdentity,
  type Identity,
  type IdentitySettings,
} from '../../../../../src/registry/credentials/cloud/identity.ts';
import { createTransport, type FetchHttp } from '../../../../../src/registry/transport.ts';
import { createAuthority } from '../../../../fixtures/certificates.ts';
import type { ScriptedServer } from '../../../../fixtures/scripted-server.ts';
import { createDispatcher } from '../../bed.ts';

// The libraries pause between tries of their own.
vi.setConfig({ testTimeout: 30_000 });

export const START = Date.parse('2026-01-01T00:00:00Z');
export const HOUR = 3_600_000;

export interface CloudBed {
  readonly identity: Identity;
  readonly warnings: string[];
  fetchCredential(): Promise<Credential>;
  /** @throws Error when there is a credential */
  fetchFailure(): Promise<UpstreamFailure>;
}

export interface CloudBedOptions {
  readonly timeoutMs?: number;
  /** Stands for the registry itself. */
  readonly registry?: ScriptedServer;
}

export function createCloudBed(
  host: string,
  settings: IdentitySettings,
  options: CloudBedOptions = {},
): CloudBed {
  const { timeoutMs = 20_000, registry } = options;
  const warnings: string[] = [];
  const now = Date.now;
  const identity = createIdentity(host, settings, {
    files: { readFile: (path) => readFile(path, 'utf8') },
    env: process.env,
    now,
    timeoutMs,
    warn: (message) => warnings.push(message),
  });
  const fetchHttp = registry === undefined ? unexpected : createFetch(registry, timeoutMs);
  const fetchCredential = () => identity.fetchCredential(fetchHttp);
  return {
    identity,
    warnings,
    fetchCredential,
    async fetchFailure() {
      const outcome = await fetchCredential().catch((error: unknown) => error);
      if (outcome instanceof UpstreamError) return outcome.failure;
      throw new Error(`no failure: ${JSON.stringify(outcome)}`, { cause: outcome });
    },
  };
}

const unexpected: FetchHttp = async ({ url }) => {
  throw new Error(`unexpected request to the registry: ${url.href}`);
};

function createFetch(registry: ScriptedServer, timeoutMs: number): FetchHttp {
  const dispatcher = createDispatcher(registry);
  return createTransport({
    dispatcherFor: () => dispatcher,
    endpoints: createEndpoints({}),
    gate: new HostLimiter({ now: Date.now, delay: async () => undefined, maxConcurrent: 8 }),
    observer: { requested: () => undefined },
    now: Date.now,
    timeoutMs,
    random: () => 0,
    delay: async () => undefined,
  });
}

export interface Surroundings {
  /** @returns the path of a file with this content */
  write(name: string, content: string | object): string;
  /** Changes the environment; undefined takes a variable out. */
  set(variables: Readonly<Record<string, string | undefined>>): void;
  leave(): void;
}

/**
 * Enters an environment without any credentials: nothing of this machine's is found, no program can be started, and what is asked for
 * at a metadata server is asked for nowhere.
 */
export function enterSurroundings(variables: Readonly<Record<string, string>>): Surroundings {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-identity-'));
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  const foreign = Object.keys(process.env).filter((name) =>
    /^(?:AWS|AZURE|GOOGLE|GCE|GCLOUD|CLOUDSDK|METADATA)_|^IDENTITY_|^MSI_/.test(name),
  );
  setVariables(Object.fromEntries(foreign.map((name) => [name, undefined])));
  const nowhere = '127.0.0.1:9';
  const hermetic = {
    HOME: folder,
    PATH: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(folder, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
    GCE_METADATA_HOST: nowhere,
    AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://${nowhere}`,
  };
  setVariables({ ...hermetic, ...variables });
  return {
    set: setVariables,
    write(name, content) {
      const path = join(folder, name);
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    leave() {
      vi.unstubAllEnvs();
      vi.useRealTimers();
      rmSync(folder, { recursive: true });
    },
  };
}

function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

/** @param ms since the start of the test */
export function setTime(ms: number): void {
  vi.setSystemTime(START + ms);
}

export interface TlsFront extends AsyncDisposable {
  readonly port: number;
}

/** A TLS server that passes everything on to `server`; the whole process takes it for `host` for as long as it is there. */
export async function createTlsFront(server: ScriptedServer, host: string): Promise<TlsFront> {
  const authority = createAuthority('test');
  const trusted = getCACertificates('default');
  setDefaultCACertificates([authority.cert]);
  const front = createTlsServer(authority.issue(host, [host]), (client) => {
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1');
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      setDefaultCACertificates(trusted);
      front.close();
    },
  };
}
