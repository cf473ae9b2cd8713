import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSecretReader } from '../../../src/secrets/secret.ts';
import { Authenticator } from '../../../src/http/authenticate.ts';

const letsIn = (token: string | undefined, header: string | undefined) =>
  new Authenticator(() => token).reject(header) === undefined;

describe('the bearer token', () => {
  it.each(['Bearer secret', 'bearer secret', 'BEARER   secret'])('is accepted as %j', (header) => {
    expect(letsIn('secret', header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'secret',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Bearer secret1',
    'Bearer secre',
    'Bearer Secret',
    'Basic secret',
    'Bearersecret',
    'Bearer secret secret',
    'Bearer secret,',
  ])('is refused as %j', (header) => {
    expect(letsIn('secret', header)).toBe(false);
  });

  it('is compared as bytes: Node gives headers as latin1, files are UTF-8', () => {
    expect(letsIn('größe', `Bearer ${Buffer.from('größe').toString('latin1')}`)).toBe(true);
    expect(letsIn('größe', 'Bearer größe')).toBe(false);
  });

  it('is never part of the refusal, which says where it belongs', () => {
    const message = new Authenticator(() => 'secret').reject('Bearer presented');
    expect(message).toContain('server.tokenFile');
    expect(message).not.toMatch(/secret|presented/);
  });
});

/** @returns the warnings about a text of tokens */
function remarksOn(text: string): string[] {
  const remarks: string[] = [];
  const authenticator = new Authenticator(
    () => text,
    (remark) => remarks.push(remark),
  );
  for (let call = 0; call < 3; call++) authenticator.reject('Bearer x');
  authenticator.whyNotReady();
  return remarks;
}

describe('a file of tokens', () => {
  const SPACES = 'the spaces around the token are ignored';
  const INSIDE =
    'the token contains spaces or invisible characters, which count as part of it; expected one token per line';
  const IMPOSSIBLE = 'found control characters or invalid UTF-8, expected a token; this line is ignored';

  it.each([
    'old\nnew',
    'old\r\nnew\r\n',
    '\n\nold\n \t \nnew\n\n',
    'new\nold',
    'old\rnew',
    'old\n\nnew\nlast',
  ])('holds one in each line, all of them valid: %j', (text) => {
    expect([letsIn(text, 'Bearer old'), letsIn(text, 'Bearer new')]).toEqual([true, true]);
    for (const header of [
      'Bearer',
      'Bearer ',
      'Bearer other',
      'Bearer old\nnew',
      'Bearer oldnew',
      'Bearer old new',
    ])
      expect(letsIn(text, header)).toBe(false);
    expect(remarksOn(text)).toEqual([]);
  });

  it.each([' secret', 'secret ', '\tsecret\t', '  secret  \r\n'])(
    'with spaces around the token is told of once, and they are no part of it: %j',
    (text) => {
      expect(letsIn(text, 'Bearer secret')).toBe(true);
      expect(remarksOn(text)).toEqual([`line 1: ${SPACES}`]);
    },
  );

  it.each([
    ['"secret"', 'the token is in quotes, which count as part of it'],
    ["'secret'", 'the token is in quotes, which count as part of it'],
    ['correct horse', INSIDE],
    ['correct\thorse', INSIDE],
    ['secret\u{a0}', INSIDE],
    ['secret\u{200b}', INSIDE],
    ['\u{feff}secret', INSIDE],
  ])('is told of, and taken as it is, since a caller may present it: %j', (text, remark) => {
    expect(letsIn(text, `Bearer ${Buffer.from(text).toString('latin1')}`)).toBe(true);
    expect(remarksOn(`\n${text}`)).toEqual([`line 2: ${remark}`]);
  });

  it.each(['sec\0ret', 'sec\u{1b}ret', 'secret\u{7f}', 'secret\u{fffd}', '\u{fffd}\u{fffd}s\0e\0'])(
    'with nothing but what no header can have is told of, and is none: %j',
    (text) => {
      const authenticator = new Authenticator(() => text);
      expect(authenticator.reject(`Bearer ${text}`)).toContain('no token');
      expect(authenticator.whyNotReady()).toContain('no token');
      expect(remarksOn(text)).toEqual([`line 1: ${IMPOSSIBLE}`]);
    },
  );

  it('is usable when only some of its lines are', () => {
    const text = 'a\0b\n good \n';
    expect(letsIn(text, 'Bearer good')).toBe(true);
    expect(remarksOn(text)).toEqual([`line 1: ${IMPOSSIBLE}`, `line 2: ${SPACES}`]);
  });

  it('never shows a token in a warning', () => {
    for (const text of [' secret ', '"secret"', 'sec ret', 'sec\0ret'])
      expect(remarksOn(text).join(' ')).not.toMatch(/sec/);
  });

  it('is not reported twice, for example after the start', () => {
    const remarks: string[] = [];
    const tell = (remark: string) => void remarks.push(remark);
    const authenticator = new Authenticator(() => ' a', tell, ' a');
    expect([authenticator.reject('Bearer a'), remarks]).toEqual([undefined, []]);
  });

  it('is reported again when it has changed', () => {
    let text = ' a';
    const remarks: string[] = [];
    const authenticator = new Authenticator(
      () => text,
      (remark) => remarks.push(remark),
    );
    authenticator.reject(undefined);
    text = 'a b';
    expect(authenticator.reject('Bearer a b')).toBeUndefined();
    expect(remarks).toEqual([`line 1: ${SPACES}`, `line 1: ${INSIDE}`]);
  });
});

it('exchanges a token without a gap: both are valid in between', () => {
  let text = 'old\n';
  const authenticator = new Authenticator(() => text);
  const valid = () => ['old', 'new'].filter((token) => authenticator.reject(`Bearer ${token}`) === undefined);
  expect(valid()).toEqual(['old']);
  text = 'new\nold\n';
  expect(valid()).toEqual(['old', 'new']);
  text = 'new\n';
  expect(valid()).toEqual(['new']);
});

describe.each([undefined, '', ' ', '\n \t\n'])('without a token on our side (%j)', (none) => {
  it.each([undefined, 'Bearer ', 'Bearer x', 'Bearer undefined'])(
    'every call is refused, with %j',
    (header) => {
      expect(letsIn(none, header)).toBe(false);
    },
  );

  it('is not ready', () => {
    expect(new Authenticator(() => none).whyNotReady()).toContain('no token');
    expect(new Authenticator(() => 'secret').whyNotReady()).toBeUndefined();
  });
});

it('takes a rotated secret at once, as Kubernetes swaps it: by a symbolic link to the folder', () => {
  const mount = mkdtempSync(join(tmpdir(), 'greenpin-token-'));
  onTestFinished(() => rmSync(mount, { recursive: true }));
  const publish = (version: string, token: string) => {
    mkdirSync(join(mount, version));
    writeFileSync(join(mount, version, 'token'), token);
    symlinkSync(version, join(mount, '..data_tmp'));
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  };
  publish('..1', 'old-secret\n');
  symlinkSync(join('..data', 'token'), join(mount, 'token'));
  const read = createSecretReader({ file: join(mount, 'token') }, { env: {}, warn: () => undefined });
  const authenticator = new Authenticator(read);
  expect(authenticator.reject('Bearer old-secret')).toBeUndefined();

  publish('..2', 'new-secret\n');

  expect(authenticator.reject('Bearer new-secret')).toBeUndefined();
  expect(authenticator.reject('Bearer old-secret')).toBeDefined();
});
