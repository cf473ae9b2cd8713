import { describe, expect, it, vi } from 'vitest';
import { API_ERROR_STATUS, type ApiErrorCode } from '../../../src/errors.ts';
import { Authenticator } from '../../../src/http/authenticate.ts';
import type { Answer } from '../../../src/answers/answer.ts';
import { AUTHORIZED, body, createTestApp, FRESH, NOW, PATH, TOKEN } from '../../fixtures/http/test-app.ts';

const QUESTION = body({ project: 'shop', branch: 'feature/x', number: '42' });
const call = (payload: string | Buffer = QUESTION) =>
  ({ method: 'POST', url: PATH, headers: AUTHORIZED, payload }) as const;

describe('an answer', () => {
  it('is sent as it was serialized, with its freshness and its age in whole seconds', async () => {
    const { app, asked } = createTestApp();
    const response = await app.inject(call());
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe(FRESH.kind === 'answered' && FRESH.body);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'greenpin-freshness': 'fresh',
      age: '3',
    });
    expect(asked).toMatchObject([{ project: { name: 'shop' }, branch: 'feature/x', number: '42' }]);
  });

  it('has a content length in bytes', async () => {
    const { app } = createTestApp(() => ({ ...FRESH, body: '{"größe":"🌱"}' }) as Answer);
    const response = await app.inject(call());
    expect(response.headers['content-length']).toBe('18');
    expect(response.json()).toEqual({ größe: '🌱' });
  });

  it('may come later', async () => {
    const { app } = createTestApp(async () => {
      await new Promise(setImmediate);
      return { ...FRESH, freshness: 'stale', asOf: NOW - 86_400_000 } as Answer;
    });
    const response = await app.inject(call());
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'greenpin-freshness': 'stale', age: '86400' });
  });

  it('is never younger than nothing, even when the clock was set back', async () => {
    const { app } = createTestApp(() => ({ ...FRESH, asOf: NOW + 5_000 }) as Answer);
    expect((await app.inject(call())).headers['age']).toBe('0');
  });

  it('of nothing to deploy is the empty list', async () => {
    const nothing = '{"output":{"parameters":[]}}';
    const { app } = createTestApp(() => ({
      kind: 'nothing',
      body: nothing,
      freshness: 'fresh',
      asOf: NOW,
      because: 'no build',
    }));
    const response = await app.inject(call());
    expect([response.statusCode, response.body]).toEqual([200, nothing]);
  });
});

describe('the content type', () => {
  it.each([
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data',
    'nonsense',
    ';',
    '',
  ])('%j is taken as JSON', async (type) => {
    const { app } = createTestApp();
    const headers = { ...AUTHORIZED, ...(type !== undefined && { 'content-type': type }) };
    // A stream, since inject gives a string a content type of its own.
    const response = await app.inject({ ...call(), headers, payload: Buffer.from(QUESTION) });
    expect(response.statusCode).toBe(200);
  });
});

describe('a failure of the answer', () => {
  const codes = Object.keys(API_ERROR_STATUS) as ApiErrorCode[];
  it.each(codes)('of %s has its status and the documented body', async (code) => {
    const { app } = createTestApp(() => ({ kind: 'failed', code, message: 'what to do' }));
    const response = await app.inject(call());
    expect(response.statusCode).toBe(API_ERROR_STATUS[code]);
    expect(response.json()).toEqual({ error: code, message: 'what to do' });
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.headers['greenpin-freshness']).toBeUndefined();
  });

  const defects: [string, () => Answer | Promise<Answer>][] = [
    [
      'is thrown',
      () => {
        throw new Error('the secret is x');
      },
    ],
    ['is a rejection', () => Promise.reject(new Error('the secret is x'))],
    [
      'claims to be a bad request',
      () => Promise.reject(Object.assign(new Error('the secret is x'), { statusCode: 400 })),
    ],
  ];
  it.each(defects)('that is unexpected and %s is a 500 that reveals nothing', async (_case, answer) => {
    const { app, lines } = createTestApp(answer);
    const response = await app.inject(call());
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      error: 'internal_error',
      message: 'Internal error in Greenpin; its log contains the cause',
    });
    expect(lines).toMatchObject([
      { level: 'error', branch: 'feature/x', outcome: 'internal_error', err: { message: 'the secret is x' } },
    ]);
  });
});

describe('the message of an error has at most 300 characters', () => {
  it.each([
    ['x'.repeat(300), 'x'.repeat(300)],
    ['x'.repeat(301), `${'x'.repeat(299)}…`],
    [`${'x'.repeat(298)}🌱y`, `${'x'.repeat(298)}…`],
  ])('%#', async (message, sent) => {
    const { app } = createTestApp(() => ({ kind: 'failed', code: 'upstream_failed', message }));
    expect((await app.inject(call())).json<{ message: string }>().message).toBe(sent);
  });
});

describe('a branch with an odd name', () => {
  it.each(['#123-fix', '日本語', 'x'.repeat(130), '{{a}}', 'a\u{85}b', '"><script>'])(
    'is asked for, and never a bad request: %j',
    async (branch) => {
      const { app, asked } = createTestApp();
      const response = await app.inject(call(body({ project: 'shop', branch })));
      expect(response.statusCode).toBe(200);
      expect(asked.map((question) => question.branch)).toEqual([branch]);
    },
  );
});

describe('a malformed request', () => {
  it('is a 400 with every problem in one message, and nothing is asked', async () => {
    const { app, asked } = createTestApp();
    const response = await app.inject(call(body({ head_sha: 'x', number: 0 })));
    expect(response.statusCode).toBe(400);
    const { error, message } = response.json<{ error: string; message: string }>();
    expect(error).toBe('invalid_request');
    for (const name of ['branch', 'project', 'head_sha', 'number']) expect(message).toContain(name);
    expect(asked).toEqual([]);
  });

  it.each(['', '{', 'branch=x', '\u{0}', Buffer.from([0xff])])('of %j is a 400', async (payload) => {
    const { app } = createTestApp();
    const response = await app.inject(call(payload));
    expect([response.statusCode, response.json()]).toMatchObject([400, { error: 'invalid_request' }]);
  });

  it('gets the same message, word for word, each time', async () => {
    const { app } = createTestApp();
    const [first, second] = [await app.inject(call('{}')), await app.inject(call('{}'))];
    expect(second.body).toBe(first.body);
  });
});

describe('authentication', () => {
  it.each([
    ['getparams', 'POST', PATH],
    ['another method', 'GET', PATH],
    ['an unknown path', 'POST', '/x'],
    ['a path that cannot be decoded', 'GET', '/%zz'],
  ] as const)('comes before everything else: %s', async (_case, method, url) => {
    const { app, asked } = createTestApp();
    for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
      const response = await app.inject({ method, url, headers, payload: '{' });
      expect(response.statusCode).toBe(403);
      expect(response.json()).toMatchObject({ error: 'forbidden' });
    }
    expect(asked).toEqual([]);
  });

  it('refuses every call while there is no token', async () => {
    const { app } = createTestApp(() => FRESH, { authenticator: new Authenticator(() => undefined) });
    const response = await app.inject(call());
    expect(response.statusCode).toBe(403);
    expect(response.json<{ message: string }>().message).toContain('no token');
  });
});

describe('the path', () => {
  it.each(['/', '/api/v1/getparams', `${PATH}/`, '/healthz', '/%zz'])('%s is a 404', async (url) => {
    const { app } = createTestApp();
    const response = await app.inject({ ...call('not even JSON'), url });
    expect([response.statusCode, response.json()]).toMatchObject([404, { error: 'not_found' }]);
  });

  it('may bear a query', async () => {
    const { app } = createTestApp();
    expect((await app.inject({ ...call(), url: `${PATH}?x=1` })).statusCode).toBe(200);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const)(
    'accepts POST only: %s is a 405',
    async (method) => {
      const { app, asked } = createTestApp();
      const response = await app.inject({ method, url: `${PATH}?x=1`, headers: AUTHORIZED });
      expect([response.statusCode, response.headers['allow']]).toEqual([405, 'POST']);
      expect(response.json()).toMatchObject({ error: 'method_not_allowed' });
      expect(asked).toEqual([]);
    },
  );
});

it('answers HEAD with a 405 and no body', async () => {
  const { app } = createTestApp();
  const response = await app.inject({ method: 'HEAD', url: PATH, headers: AUTHORIZED });
  expect([response.statusCode, response.headers['allow'], response.body]).toEqual([405, 'POST', '']);
});

describe('the log', () => {
  it('has one line for each answer', async () => {
    const { app, lines } = createTestApp();
    await app.inject(call());
    await app.close();
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        project: 'shop',
        branch: 'feature/x',
        number: '42',
        outcome: 'fresh',
        freshness: 'fresh',
        age: 3,
        durationMs: 0.25,
        msg: 'answered',
      },
    ]);
  });

  it.each([
    ['{{.branch}}', 'the branch looks like a template that Argo CD has not filled in'],
    ['feature/x', undefined],
  ])('says of nothing for the branch %s what may be the reason', async (branch, hint) => {
    const { app, lines } = createTestApp(() => ({
      kind: 'nothing',
      body: '{}',
      freshness: 'fresh',
      asOf: NOW,
      because: 'no build',
    }));
    await app.inject(call(body({ project: 'shop', branch })));
    await app.close();
    expect(lines.map((line) => line['hint'])).toEqual([hint]);
    expect(lines.map((line) => line['because'])).toEqual(['no build']);
  });

  it('says why a stale answer is not fresh, and nothing about a fresh one', async () => {
    const answers = [FRESH, { ...FRESH, freshness: 'stale', because: 'CI does not answer' } as Answer];
    const { app, lines } = createTestApp(() => answers.shift() ?? FRESH);
    for (let calls = 0; calls < 2; calls++) await app.inject(call());
    await app.close();
    expect(lines.map((line) => line['because'])).toEqual([undefined, 'CI does not answer']);
  });

  it('is written within milliseconds, not only when the server stops', async () => {
    const { app, lines } = createTestApp();
    await app.inject(call());
    await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 60_000 });
  });

  it('has one line for each failure, with its code and message', async () => {
    const { app, lines } = createTestApp(() => ({ kind: 'failed', code: 'rate_limited', message: 'wait' }));
    await app.inject(call());
    expect(lines).toMatchObject([
      {
        level: 'warn',
        project: 'shop',
        branch: 'feature/x',
        outcome: 'rate_limited',
        message: 'wait',
        durationMs: 0.25,
      },
    ]);
  });

  it('keeps the order of calls', async () => {
    const { app, lines } = createTestApp();
    await app.inject(call());
    await app.inject(call('{}'));
    await app.inject(call());
    await app.close();
    expect(lines.map((line) => line['outcome'])).toEqual(['fresh', 'invalid_request', 'fresh']);
  });

  it('has no token, header or body in it, whatever happens', async () => {
    const { app, lines } = createTestApp(() => Promise.reject(new Error('broken')));
    await app.inject(call());
    await app.inject({ ...call(), payload: '{"marker-in-body": ' });
    await app.inject({ ...call(), headers: { authorization: 'Bearer marker-in-header' } });
    await app.inject({ ...call(), url: '/x', headers: { ...AUTHORIZED, 'x-marker': 'marker-in-header' } });
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`marker|Bearer marker|${TOKEN}`));
  });
});

describe('the metrics', () => {
  it('count each call by how it ended, with its duration in seconds and the age of the answer', async () => {
    const answers: Answer[] = [
      FRESH,
      { ...FRESH, freshness: 'stale', asOf: NOW - 60_000 } as Answer,
      { kind: 'nothing', body: '{}', freshness: 'fresh', asOf: NOW, because: 'no build' },
      { kind: 'failed', code: 'deadline_exceeded', message: 'late' },
    ];
    const { app, called } = createTestApp(() => answers.shift() ?? FRESH);
    for (let calls = answers.length; calls > 0; calls--) await app.inject(call());
    await app.inject({ ...call(), headers: {} });
    await app.inject({ ...call(), url: '/x' });
    // A load balancer's probe, or a scanner's: no call that was refused.
    await app.inject({ method: 'GET', url: '/' });
    await app.close();
    expect(called).toEqual([
      { outcome: 'fresh', seconds: 0.00025, freshness: 'fresh', age: 3 },
      { outcome: 'stale', seconds: 0.00025, freshness: 'stale', age: 60 },
      { outcome: 'nothing', seconds: 0.00025, freshness: 'fresh', age: 0 },
      { outcome: 'deadline_exceeded', seconds: 0.00025 },
      { outcome: 'forbidden', seconds: 0.00025 },
      { outcome: 'not_found', seconds: 0.00025 },
    ]);
  });
});
