/** What every registry test needs: a client whose connections, whatever host they are for, end at a scripted server on loopback. */
import { connect } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import {
  HttpRegistryClient,
  type ProbingRegistryClient,
  type RegistryClientDeps,
} from '../../../src/registry/client.ts';
import { matchCredential, type CredentialEntry } from '../../../src/registry/credentials/credential.ts';
import type { ScriptedServer } from '../../fixtures/scripted-server.ts';

/** The scheme is not seen by the server: `https` hosts are served in plain text as well, so that the tests need no certificate. */
export function createDispatcher(server: ScriptedServer): Dispatcher {
  const { port } = new URL(server.url);
  return new Agent({
    connect: (_, callback) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      socket.once('connect', () => callback(null, socket));
      socket.once('error', (error) => callback(error, null));
    },
  });
}

export interface Bed {
  readonly client: ProbingRegistryClient;
  /** `HOST STATUS` or `HOST KIND` of each request on the wire. */
  readonly observed: string[];
  /** Milliseconds of each pause. */
  readonly pauses: number[];
  /** Moves the clock. */
  advance(ms: number): void;
}

export interface BedOptions extends Partial<RegistryClientDeps> {
  readonly credentials?: readonly CredentialEntry[];
}

/** The clock stands still unless it is advanced; a pause takes no time. */
export function createBed(server: ScriptedServer, options: BedOptions = {}): Bed {
  const { credentials = [], ...others } = options;
  const observed: string[] = [];
  const pauses: number[] = [];
  const dispatcher = createDispatcher(server);
  let time = Date.parse('2026-01-01T00:00:00Z');
  const client = new HttpRegistryClient({
    registries: {},
    credentialFor: async (reference) =>
      matchCredential(credentials, reference)?.credential ?? {
        kind: 'anonymous',
        source: 'no configured credentials',
      },
    dispatcherFor: () => dispatcher,
    observer: { requested: (host, status) => observed.push(`${host} ${status}`) },
    now: () => time,
    random: () => 0.5,
    delay: async (ms) => {
      pauses.push(ms);
    },
    timeoutMs: 30_000,
    maxConcurrent: 16,
    ...others,
  });
  return { client, observed, pauses, advance: (ms) => (time += ms) };
}
