import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSecretReader } from '../../../src/config/secret.ts';
import { createAuthenticator } from '../../../src/http/authenticate.ts';

const letsIn = (token: string | undefined, header: string | undefined) =>
  createAuthenticator(() => token).refusal(header) === undefined;

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

  it('is told of, in the refusal, only where it belongs', () => {
    const message = createAuthenticator(() => 'secret').refusal('Bearer presented');
    expect(message).toContain('server.tokenFile');
    expect(message).not.toMatch(/secret|presented/);
  });
});

describe.each([undefined, ''])('without a token on our side (%j)', (none) => {
  it.each([undefined, 'Bearer ', 'Bearer x', 'Bearer undefined'])('nobody gets in, with %j', (header) => {
    expect(letsIn(none, header)).toBe(false);
  });

  it('is not ready', () => {
    expect(createAuthenticator(() => none).notReady()).toContain('no token');
    expect(createAuthenticator(() => 'secret').notReady()).toBeUndefined();
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
  const read = createSecretReader({ file: join(mount, 'token') }, { warn: () => undefined });
  const authenticator = createAuthenticator(read);
  expect(authenticator.refusal('Bearer old-secret')).toBeUndefined();

  publish('..2', 'new-secret\n');

  expect(authenticator.refusal('Bearer new-secret')).toBeUndefined();
  expect(authenticator.refusal('Bearer old-secret')).toBeDefined();
});
