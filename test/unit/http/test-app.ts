/** The plugin's server as the tests of this folder use it: a known token, two projects, and everything that it tells, kept. */
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createApp, type AppDeps } from '../../../src/http/app.ts';
import { createAuthenticator } from '../../../src/http/authenticate.ts';
import type { CallOutcome } from '../../../src/http/access-log.ts';
import type { Answer } from '../../../src/answers/answer.ts';
import { createLogger } from '../../../src/log/logger.ts';
import type { BranchRequest, Project } from '../../../src/resolve/types.ts';

export const TOKEN = 'correct-horse';
export const PATH = '/api/v1/getparams.execute';
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
export const FRESH: Answer = {
  kind: 'answered',
  body: '{"output":{"parameters":[{"digestFront":"sha256:abc"}]}}',
  freshness: 'fresh',
  asOf: NOW - 3_900,
  because: 'the newest green build',
};

export function project(name: string): Project {
  return {
    name,
    ci: 'github',
    gitRepository: `acme/${name}`,
    workflows: [],
    events: ['push'],
    forks: false,
    lookback: 5,
    onNoBuild: 'empty',
    images: [],
  };
}

export function projects(...names: string[]): ReadonlyMap<string, Project> {
  return new Map(names.map((name) => [name, project(name)]));
}

export function body(parameters: unknown): string {
  return JSON.stringify({ applicationSetName: 'previews', input: { parameters } });
}

export interface TestApp {
  readonly app: FastifyInstance;
  /** What the answer source was asked. */
  readonly asked: BranchRequest[];
  /** The observations of the metrics. */
  readonly called: { outcome: CallOutcome; seconds: number; freshness?: string; age?: number }[];
  /** The log, parsed. */
  readonly lines: Record<string, unknown>[];
}

/** @param answer what each question is answered with */
export function createTestApp(
  answer: (question: BranchRequest) => Answer | Promise<Answer> = () => FRESH,
  overrides: Partial<AppDeps> = {},
): TestApp {
  const asked: BranchRequest[] = [];
  const called: TestApp['called'] = [];
  const lines: Record<string, unknown>[] = [];
  let milliseconds = 0;
  const app = createApp({
    authenticator: createAuthenticator(() => TOKEN),
    projects: projects('shop', 'blog'),
    answers: {
      answer(question) {
        asked.push(question);
        return answer(question);
      },
    },
    observer: {
      callFinished(outcome, seconds, freshness, age) {
        called.push({
          outcome,
          seconds,
          ...(freshness !== undefined && { freshness }),
          ...(age !== undefined && { age }),
        });
      },
    },
    logger: createLogger('info', {
      write(line) {
        lines.push(JSON.parse(line) as Record<string, unknown>);
      },
    }),
    now: () => NOW,
    // Each look at it takes a quarter of a millisecond.
    stopwatch: () => (milliseconds += 0.25),
    ...overrides,
  });
  return { app, asked, called, lines };
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly agent?: Agent;
  /** Written one after another. With more than one, the body is chunked. */
  readonly chunks?: readonly (string | Buffer)[];
}

/** One request over a real connection to a server that listens. */
export function send(
  app: FastifyInstance,
  { method = 'POST', path = PATH, headers = AUTHORIZED, agent, chunks = [] }: SendOptions,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const { port } = app.server.address() as AddressInfo;
    const outgoing = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, ...(agent !== undefined && { agent }) },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    if (chunks.length > 1) for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end(chunks.length === 1 ? chunks[0] : undefined);
  });
}
