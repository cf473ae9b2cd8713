/** Faults over real HTTP: CI and a registry meet the same ones, and say the same of them. */
import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { expect, test } from 'vitest';
import type { ConnectionTrouble, UpstreamFailureKind } from '../../../src/errors.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { HttpRegistryClient } from '../../../src/registry/client.ts';
import {
  createScriptedServer,
  type Answer,
  type ScriptedServer,
} from '../../fixtures/network/scripted-server.ts';
import { connect, failureOf } from '../../fixtures/github/connect.ts';
import { createImage } from '../../fixtures/registry/responses.ts';

const TIMEOUT_MS = 1000;
const MIB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

/** What is asked, and the body of a good answer. */
interface Caller {
  readonly body: string;
  readonly type: string;
  /** @returns `found`, `absent`, or the failure */
  call(server: ScriptedServer): Promise<Outcome>;
}

interface Outcome {
  readonly kind: UpstreamFailureKind | 'found' | 'absent';
  readonly message?: string;
  readonly trouble?: ConnectionTrouble | undefined;
  readonly retryAfterMs?: number | undefined;
}

const agent = new Agent();

const ci: Caller = {
  body: '{"total_count":0,"workflow_runs":[]}',
  type: 'application/json',
  async call(server) {
    const auth = { kind: 'token', read: () => 'secret' } as const;
    const { provider } = connect(server.url, { auth, timeoutMs: TIMEOUT_MS });
    const call = provider.fetchRuns('acme/shop');
    const found = await call.then(
      () => true,
      () => false,
    );
    return found ? { kind: 'found' } : failureOf(call);
  },
};

const image = createImage(null);

const registry: Caller = {
  body: image.body,
  type: image.mediaType,
  async call(server) {
    const client = new HttpRegistryClient({
      registries: {},
      credentialFor: async () => ({ kind: 'basic', username: 'bot', password: 'secret', source: 'here' }),
      dispatcherFor: () => agent,
      observer: { requested: () => undefined },
      now: Date.now,
      random: () => 0,
      delay: async () => undefined,
      timeoutMs: TIMEOUT_MS,
      maxConcurrent: 1,
    });
    const result = await client.resolveDigest(parseReference(`${server.host}/acme/shop:1`));
    return result.kind === 'failed' ? result.failure : { kind: result.kind };
  },
};

interface Row {
  readonly name: string;
  readonly answer: (caller: Caller, server: ScriptedServer) => Answer;
  readonly kind: Outcome['kind'] | { readonly ci: Outcome['kind']; readonly registry: Outcome['kind'] };
  readonly trouble?: ConnectionTrouble;
  /** A part of both messages. */
  readonly says?: string;
  readonly retryAfterMs?: number;
}

function refused(status: number, code: string): () => Answer {
  const body = JSON.stringify({ message: code, errors: [{ code, message: code }] });
  return () => ({ status, headers: JSON_TYPE, body });
}

function compressed(pack: (body: string) => Buffer | string): Row['answer'] {
  return ({ body, type }) => ({
    headers: { 'content-type': type, 'content-encoding': 'gzip' },
    body: pack(body),
  });
}

function redirected(to: (server: ScriptedServer) => string): Row['answer'] {
  return (_, server) => ({ status: 302, headers: { location: to(server) } });
}

const rows: readonly Row[] = [
  { name: 'no answer', answer: () => ({ fault: 'hang' }), kind: 'timeout', trouble: 'timeout' },
  {
    name: 'half a body, then nothing',
    answer: () => ({ fault: 'stall' }),
    kind: 'timeout',
    trouble: 'timeout',
  },
  {
    name: 'half a body, then the end',
    answer: () => ({ fault: 'truncate' }),
    kind: 'unreachable',
    trouble: 'broken',
    says: 'broke before the answer was whole',
  },
  {
    name: 'a chunked body that is cut off',
    answer: () => ({ raw: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf' }),
    kind: 'unreachable',
    trouble: 'broken',
  },
  { name: 'a reset', answer: () => ({ fault: 'reset' }), kind: 'unreachable', trouble: 'broken' },
  {
    name: 'a connection closed at once',
    answer: () => ({ raw: '' }),
    kind: 'unreachable',
    trouble: 'broken',
  },
  {
    name: 'something that is not HTTP',
    answer: () => ({ raw: 'SSH-2.0-OpenSSH_9.9\r\n' }),
    kind: 'unreachable',
    trouble: 'not_http',
    says: 'not HTTP',
  },
  {
    name: 'headers without end',
    answer: () => ({ raw: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n\r\n` }),
    kind: 'unreachable',
    trouble: 'not_http',
  },
  { name: '401', answer: refused(401, 'UNAUTHORIZED'), kind: 'denied' },
  { name: '403', answer: refused(403, 'DENIED'), kind: 'denied' },
  {
    name: '404',
    answer: refused(404, 'MANIFEST_UNKNOWN'),
    kind: { ci: 'not_found', registry: 'absent' },
  },
  {
    name: '429',
    answer: () => ({ status: 429, headers: { 'retry-after': '30' } }),
    kind: 'rate_limited',
    retryAfterMs: 30_000,
  },
  { name: '500', answer: () => ({ status: 500 }), kind: 'unavailable', says: 'cannot answer now (500)' },
  {
    name: '503 with Retry-After',
    answer: () => ({ status: 503, headers: { 'retry-after': '30' } }),
    kind: 'unavailable',
    says: 'cannot answer now (503)',
    retryAfterMs: 30_000,
  },
  { name: 'a gzip body', answer: compressed((body) => gzipSync(body)), kind: 'found' },
  {
    name: 'a gzip body that is none',
    answer: compressed(() => 'zzzz'),
    kind: 'malformed',
    says: 'cannot be decompressed',
  },
  {
    name: 'a gzip body that is cut off',
    answer: compressed((body) => gzipSync(body).subarray(0, 20)),
    kind: 'malformed',
    says: 'cannot be decompressed',
  },
  {
    name: 'a gzip body that expands without end',
    answer: compressed(() => gzipSync(Buffer.alloc(40 * MIB))),
    kind: 'malformed',
    says: 'too large',
  },
  {
    name: 'an enormous body',
    answer: ({ type }) => ({ headers: { 'content-type': type }, body: Buffer.alloc(17 * MIB, ' ') }),
    kind: 'malformed',
    says: 'too large',
  },
  {
    name: 'JSON of another shape',
    answer: ({ type }) => ({ headers: { 'content-type': type }, body: '{"a":1}' }),
    kind: 'malformed',
  },
  {
    name: 'JSON that is cut off',
    answer: ({ type, body }) => ({ headers: { 'content-type': type }, body: body.slice(0, -5) }),
    kind: 'malformed',
  },
  {
    name: 'a web page',
    answer: () => ({ headers: { 'content-type': 'text/html' }, body: '<html>login</html>' }),
    kind: 'malformed',
  },
  {
    name: 'a redirect to itself',
    answer: redirected(({ url }) => `${url}/again`),
    kind: 'malformed',
    says: 'redirects without end',
  },
  {
    name: 'a redirect to another origin',
    answer: redirected(() => 'https://10.1.2.3/'),
    kind: 'malformed',
    says: 'redirects to',
  },
  {
    name: 'a redirect to what is no URL',
    answer: redirected(() => 'http://'),
    kind: 'malformed',
    says: 'invalid URL',
  },
];

/** A registry is asked by HEAD first, which has no body to be at fault. */
const HAS_NO_BODY: Answer = { status: 405 };

const table = rows.flatMap((row) =>
  (['ci', 'registry'] as const).map((caller) => [row.name, caller, row] as const),
);

test.each(table)('%s, met by %s', async (_name, name, { answer, kind, trouble, says = '', retryAfterMs }) => {
  await using server = await createScriptedServer();
  const caller = { ci, registry }[name];
  const given = answer(caller, server);
  const isBodyless = !('body' in given) || given.status !== undefined;
  server.expect({ method: 'HEAD', path: /^/ }, isBodyless ? given : HAS_NO_BODY, 20);
  server.expect({ method: 'GET', path: /^/ }, given, 20);
  const outcome = await caller.call(server);
  expect(outcome).toMatchObject({
    kind: typeof kind === 'string' ? kind : kind[name],
    ...(trouble !== undefined && { trouble }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
  expect(outcome.message ?? '').toContain(says);
  expect(JSON.stringify(outcome)).not.toContain('secret');
});
