import { describe, expect, it } from 'vitest';
import { createHttpClient, type HttpRequest } from '../../../src/upstream/http-client.ts';
import { followRedirects, stayOnOrigin, type RedirectPolicy } from '../../../src/upstream/redirects.ts';
import { createScriptedServer } from '../../fixtures/network/scripted-server.ts';
import { Agent } from 'undici';
import { failureOf } from '../../fixtures/github/connect.ts';

const agent = new Agent();
const send = createHttpClient({ dispatcherFor: () => agent, observer: { requested: () => undefined } });

function exchange(hop: HttpRequest) {
  return send(hop, new AbortController().signal);
}

function isSignIn({ pathname }: URL): boolean {
  return pathname === '/signin';
}

function fetchFrom(
  url: string,
  policy: RedirectPolicy = stayOnOrigin,
  method: HttpRequest['method'] = 'GET',
) {
  const headers = { authorization: 'Bearer secret', accept: 'x/y' };
  const request = { method, url: new URL(url), headers, maxBytes: 1000 };
  return followRedirects(request, policy, exchange);
}

function redirect(location: string, status = 302) {
  return { status, headers: { location } };
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])(
    '(%i) within the origin is followed, with the credentials',
    async (status) => {
      await using server = await createScriptedServer();
      const headers = { authorization: 'Bearer secret', accept: 'x/y' };
      server.expect({ method: 'GET', path: '/old', headers }, redirect('/new?x=1', status));
      server.expect({ method: 'GET', path: '/new?x=1', headers }, { body: 'moved' });
      const response = await fetchFrom(`${server.url}/old`);
      expect(response.body.toString()).toBe('moved');
      expect(response.url.href).toBe(`${server.url}/new?x=1`);
      server.verify();
    },
  );

  it('to another origin that the policy allows is followed without the credentials', async () => {
    await using server = await createScriptedServer();
    await using other = await createScriptedServer();
    server.expect({ method: 'GET', path: '/' }, redirect(`${other.url}/new`));
    const headers = { authorization: null, accept: 'x/y' };
    other.expect({ method: 'GET', path: '/new', headers }, { body: 'moved' });
    expect((await fetchFrom(`${server.url}/`, () => undefined)).body.toString()).toBe('moved');
    other.verify();
  });

  it.each(['/signin', 'https://login.example.com/signin'])(
    'that is the answer is returned, not followed (%s)',
    async (location) => {
      await using server = await createScriptedServer();
      server.expect({ method: 'GET', path: '/' }, redirect(location));
      const request = { method: 'GET', url: new URL(server.url), headers: {}, maxBytes: 1000 } as const;
      const response = await followRedirects(request, stayOnOrigin, exchange, isSignIn);
      expect(response).toMatchObject({ status: 302, headers: { location } });
      server.verify();
    },
  );

  it('to the same host without TLS is another origin', async () => {
    const hops: HttpRequest[] = [];
    const url = new URL('https://reg.test/');
    const request: HttpRequest = {
      method: 'GET',
      url,
      headers: { authorization: 'Bearer secret' },
      maxBytes: 1,
    };
    const follow = (policy: RedirectPolicy) =>
      followRedirects(request, policy, async (hop) => {
        hops.push(hop);
        const headers = hop.url.protocol === 'https:' ? { location: 'http://reg.test/' } : {};
        return { status: 302, headers, body: Buffer.alloc(0), url: hop.url };
      });
    await follow(() => undefined);
    expect(hops.map(({ url: { href }, headers }) => [href, headers['authorization']])).toEqual([
      ['https://reg.test/', 'Bearer secret'],
      ['http://reg.test/', undefined],
    ]);
    expect((await failureOf(follow(stayOnOrigin))).message).toContain('redirects to another origin');
  });

  it.each([
    ['another port', 'http://127.0.0.1:PORT/'],
    ['another port, without a scheme', '//127.0.0.1:PORT/'],
    ['another name of the same machine', 'http://localhost:PORT/'],
  ])('of an API to %s is not followed, so that nobody else sees the credentials', async (_name, template) => {
    await using server = await createScriptedServer();
    await using other = await createScriptedServer();
    const location = template.replace('PORT', new URL(other.url).port);
    server.expect({ method: 'GET', path: '/' }, redirect(location));
    expect(await failureOf(fetchFrom(`${server.url}/`))).toEqual({
      kind: 'malformed',
      host: server.host,
      message: `${server.host} redirects to another origin, which Greenpin does not trust with its credentials; correct the connection's url`,
    });
    expect(other.requests).toEqual([]);
  });

  it.each([
    ['to what is no URL', 'http://', 'redirects to an invalid URL'],
    ['to a URL with credentials', 'http://user:secret@127.0.0.1:PORT/', 'redirects to another origin'],
    ['to itself, without end', '/', 'redirects without end'],
  ])('%s is malformed', async (_name, template, message) => {
    await using server = await createScriptedServer();
    const location = template.replace('PORT', new URL(server.url).port);
    server.expect({ method: 'GET', path: '/' }, redirect(location), 10);
    const failure = await failureOf(fetchFrom(`${server.url}/`));
    expect(failure.kind).toBe('malformed');
    expect(failure.message).toBe(`${server.host} ${failure.message.slice(server.host.length + 1)}`);
    expect(failure.message).toContain(message);
    expect(server.requests.length).toBeLessThan(10);
  });

  it('of a POST is not followed, since its body may hold a secret', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'POST', path: '/' }, redirect('/new', 307));
    expect((await failureOf(fetchFrom(`${server.url}/`, stayOnOrigin, 'POST'))).kind).toBe('malformed');
    expect(server.requests).toHaveLength(1);
  });

  it('without a location is returned as it is', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'GET', path: '/' }, { status: 301 });
    expect((await fetchFrom(`${server.url}/`)).status).toBe(301);
  });
});
