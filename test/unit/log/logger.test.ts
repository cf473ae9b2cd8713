import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../../../src/log/logger.ts';

function logged(act: (logger: Logger) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  act(createLogger('info', { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('writes one JSON object a line, with the level in words and the time in RFC 3339', () => {
  expect(logged((logger) => logger.info({ project: 'shop' }, 'hello'))).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      project: 'shop',
      msg: 'hello',
    },
  ]);
});

it.each(['\u{85}', '\u{9b}31m', '\u{7f}', '\u{202e}', '\u{2028}', '\u{feff}', '\u{e0001}', '\u{1b}[31m'])(
  'escapes what a terminal would obey or hide, so that a parser reads the same: %j',
  (branch) => {
    const lines: string[] = [];
    createLogger('info', { write: (line) => void lines.push(line) }).info({ branch }, 'hello');
    expect(lines.join('')).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+\n$/u);
    expect(JSON.parse(lines.join(''))).toMatchObject({ branch });
  },
);

it('writes nothing below its level', () => {
  expect(logged((logger) => logger.debug('hello'))).toEqual([]);
});

describe('secrets', () => {
  it.each(['authorization', 'password', 'token', 'headers', 'request', 'response', 'body'])(
    'are taken out of the field %s',
    (field) => {
      expect(logged((logger) => logger.info({ [field]: 'marker' }))[0]?.[field]).toBe('[Redacted]');
    },
  );

  it.each([
    'https://user:marker@ghcr.io/v2/ failed',
    'sent Authorization: Bearer marker-marker',
    'sent Authorization: basic bWFya2VyOm1hcmtlcg==marker',
    'bad credentials ghp_marker',
    'bad credentials github_pat_11A_marker',
  ])('are taken out of the text of an error: %j', (message) => {
    const lines = logged((logger) =>
      logger.error({ err: new Error('outer', { cause: new Error(message) }) }),
    );
    expect(JSON.stringify(lines)).toContain('redacted');
    expect(JSON.stringify(lines)).not.toMatch(/marker|bWFya2Vy/);
  });

  it('that HTTP clients hang on their errors are left out', () => {
    const error = Object.assign(new Error('failed'), {
      code: 'ECONNRESET',
      request: { headers: { authorization: 'marker' } },
    });
    const [line] = logged((logger) => logger.error({ err: error }));
    expect(line).toMatchObject({ err: { type: 'Error', code: 'ECONNRESET', message: 'failed' } });
    expect(JSON.stringify(line)).not.toContain('marker');
  });
});

describe('an error', () => {
  it('is logged with its causes', () => {
    const error = new Error('outer', { cause: new TypeError('inner', { cause: 'a string' }) });
    expect(logged((logger) => logger.error({ err: error }))).toMatchObject([
      {
        err: {
          message: 'outer',
          cause: { type: 'TypeError', message: 'inner', cause: { message: 'a string' } },
        },
      },
    ]);
  });

  it('that is its own cause ends', () => {
    const error = new Error('round');
    error.cause = error;
    expect(logged((logger) => logger.error({ err: error }))).toHaveLength(1);
  });

  it('may be anything', () => {
    expect(logged((logger) => logger.error({ err: undefined }, 'm'))).toMatchObject([{ msg: 'm' }]);
    expect(logged((logger) => logger.error({ err: 'text' }, 'm'))).toMatchObject([
      { err: { message: 'text' } },
    ]);
  });
});
