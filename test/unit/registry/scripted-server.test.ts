import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createScriptedServer } from '../../fixtures/network/scripted-server.ts';

async function get(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}

describe('a scripted server', () => {
  it('answers expected requests and records them', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'GET', path: /^\/a/, headers: { 'x-none': null } }, { status: 201 }, 2);
    expect([await get(`${server.url}/a`), await get(`${server.url}/a?b`)]).toEqual([201, 201]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/a', '/a?b']);
    expect(() => server.verify()).not.toThrow();
  });

  it('fails on an unexpected request, and says how it differs', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'GET', path: '/a', headers: { authorization: 'x' } }, {});
    expect([await get(`${server.url}/a`), await get(`${server.url}/b`)]).toEqual([500, 500]);
    expect(() => server.verify()).toThrow('GET /a (header authorization, expected x, found undefined)');
    expect(() => server.verify()).toThrow('unexpected: GET /b');
  });

  it('fails on a request that comes once too often', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'GET', path: '/a' }, {});
    expect([await get(`${server.url}/a`), await get(`${server.url}/a`)]).toEqual([200, 500]);
    expect(() => server.verify()).toThrow('unexpected: GET /a');
  });

  it('fails on a missing request', async () => {
    await using server = await createScriptedServer();
    server.expect({ method: 'GET', path: '/a' }, {}, 2);
    await get(`${server.url}/a`);
    expect(() => server.verify()).toThrow('did not come (1 left): GET /a');
  });

  it('fails on another order, if order matters', async () => {
    await using server = await createScriptedServer({ inOrder: true });
    server.expect({ method: 'GET', path: '/a' }, {});
    server.expect({ method: 'GET', path: '/b' }, {});
    await get(`${server.url}/b`);
    expect(() => server.verify()).toThrow('unexpected: GET /b');
  });
});
