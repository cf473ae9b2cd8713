import { gzipSync } from 'node:zlib';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { apiPath, createJsonApi, type ApiRequest } from '../../../src/upstream/json-api.ts';
import { createScriptedServer, type Answer } from '../../fixtures/network/scripted-server.ts';
import { failureOf } from '../../fixtures/github/connect.ts';

const agent = new Agent();
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

function connect(url: string) {
  const deps = { dispatcherFor: () => agent, observer: { requested: () => undefined } };
  const send = createJsonApi(url, { accept: 'application/vnd.x+json' }, deps);
  return (request: Omit<ApiRequest, 'signal'>) => send({ ...request, signal: new AbortController().signal });
}

async function ask(answer: Answer) {
  await using server = await createScriptedServer();
  server.expect({ method: 'GET', path: '/x' }, answer);
  return await connect(server.url)({ path: '/x' });
}

describe('a request to a JSON API', () => {
  it.each(['', '/'])('goes below its URL (with "%s" at the end), with query and headers', async (end) => {
    await using server = await createScriptedServer();
    server.expect(
      {
        method: 'GET',
        path: '/api/v3/repos/a%2Fb/x?per_page=100&branch=feature%2Fx%20y%2B%EF%BF%BD',
        headers: { accept: 'application/vnd.x+json', 'if-none-match': '"1"', authorization: null },
      },
      { status: 304 },
    );
    const response = await connect(`${server.url}/api/v3${end}`)({
      path: apiPath`/repos/${'a/b'}/x`,
      query: { per_page: 100, branch: 'feature/x y+\ud800', created: undefined },
      headers: { 'if-none-match': '"1"', authorization: undefined },
    });
    expect(response).toMatchObject({ status: 304, data: '' });
    server.verify();
  });
});

describe('the response of a JSON API', () => {
  it.each(['application/json', 'application/vnd.github+json; charset=utf-8'])(
    'of type %s is parsed',
    async (type) => {
      const headers = { 'content-type': type };
      expect(await ask({ headers, body: '\ufeff{"id":12345678901234567890}' })).toMatchObject({
        data: { id: 12345678901234567890n },
      });
    },
  );

  it('may be compressed', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    expect((await ask({ headers, body: gzipSync('{"a":1}') })).data).toEqual({ a: 1 });
  });

  it.each([
    ['of another type', { 'content-type': 'text/html' }, '{}'],
    ['without a type', {}, '{}'],
    ['that is no JSON', JSON_TYPE, '{"a":'],
  ])('%s is a text', async (_name, headers, body) => {
    expect((await ask({ headers, body })).data).toBe(body);
  });

  it('with excessive nesting is malformed, but a refusal remains one', async () => {
    const body = '['.repeat(1000);
    expect((await failureOf(ask({ headers: JSON_TYPE, body }))).kind).toBe('malformed');
    expect(await ask({ status: 403, headers: JSON_TYPE, body })).toMatchObject({ status: 403, data: body });
  });

  it('with a long reason loses only the reason', async () => {
    const [long, short] = [70_000, 60_000].map((size) => `{"message":"${'x'.repeat(size)}"}`);
    expect((await ask({ status: 403, headers: JSON_TYPE, body: long ?? '' })).data).toBe('');
    expect((await ask({ status: 403, headers: JSON_TYPE, body: short ?? '' })).data).toHaveProperty(
      'message',
    );
  });
});
