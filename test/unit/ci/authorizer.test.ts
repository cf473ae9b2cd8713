import { describe, expect, it } from 'vitest';
import { connect, failureOf, serve } from '../../fixtures/github/connect.ts';

function unreadable(): never {
  throw new Error('the secret file /var/run/token cannot be read (ENOENT)');
}

describe('a connection without credentials', () => {
  it('sends none', async () => {
    const github = await serve({});
    await connect(github.url).provider.fetchRuns('acme/shop');
    expect(github.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe('a connection with a token', () => {
  it.each(['ghp_x', `ghs_1234_${'eyJ'.repeat(400)}.x-y_z`, 'a'.repeat(40)])(
    'sends it, whatever its length and form',
    async (token) => {
      const github = await serve({ token });
      await connect(github.url, { auth: { kind: 'token', read: () => token } }).provider.fetchRuns(
        'acme/shop',
      );
      expect(github.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
    },
  );

  it('reads it for each call, so that a rotation is seen', async () => {
    const github = await serve({ token: 'new' });
    let token = 'old';
    const { provider, host } = connect(github.url, { auth: { kind: 'token', read: () => token } });
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toEqual({
      kind: 'denied',
      host,
      message: `${host} does not accept the token of connection "hub": it is wrong, expired or revoked`,
    });
    token = 'new';
    expect(await provider.fetchRuns('acme/shop')).toHaveProperty('runs');
  });

  it('is denied with the reader’s own line when the token cannot be read, and nothing is sent', async () => {
    const github = await serve({});
    const { provider, host } = connect(github.url, { auth: { kind: 'token', read: unreadable } });
    expect(await failureOf(provider.fetchRuns('acme/shop'))).toEqual({
      kind: 'denied',
      host,
      message: 'the secret file /var/run/token cannot be read (ENOENT)',
    });
    expect(github.requests).toEqual([]);
  });

  it.each(['', 'sesame\nopen', 'sesame open', 'sésame', 'sesame\0'])(
    'is denied when no header can bear the token, which is not shown: %j',
    async (token) => {
      const github = await serve({});
      const { provider } = connect(github.url, { auth: { kind: 'token', read: () => token } });
      const { kind, message } = await failureOf(provider.fetchRuns('acme/shop'));
      expect(kind).toBe('denied');
      expect(message).toBe('the token of connection "hub" is empty, or holds a character that no token has');
      expect(github.requests).toEqual([]);
    },
  );
});
