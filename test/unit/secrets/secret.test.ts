import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSecretReader } from '../../../src/secrets/secret.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-secret-'));
  file = join(folder, 'token');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function createReader(path = file) {
  const warn = vi.fn<(message: string) => void>();
  return { read: createSecretReader({ file: path }, { env: {}, warn }), warn };
}

function readVariable(value: string | undefined) {
  return createSecretReader(
    { env: 'GITHUB_TOKEN' },
    { env: { GITHUB_TOKEN: value }, warn: () => undefined },
  )();
}

describe('a secret in a file', () => {
  it.each(['sesame', 'sesame\n', 'sesame\r\n', 'sesame\n\n', '\u{feff}sesame\n'])(
    'is read without trailing newlines, nor a byte order mark: %j',
    (content) => {
      writeFileSync(file, content);
      expect(createReader().read()).toBe('sesame');
    },
  );

  it('keeps the newlines inside, as a key has them', () => {
    writeFileSync(file, '-----BEGIN\nabc\n-----END\n');
    expect(createReader().read()).toBe('-----BEGIN\nabc\n-----END');
  });

  it('keeps the spaces around it, which a password may have', () => {
    writeFileSync(file, ' sesame \n');
    expect(createReader().read()).toBe(' sesame ');
  });

  it('is read again when the file is rewritten', () => {
    writeFileSync(file, 'first');
    const { read, warn } = createReader();
    expect(read()).toBe('first');
    writeFileSync(file, 'second');
    expect(read()).toBe('second');
    expect(warn).not.toHaveBeenCalled();
  });

  it('is read again when another file of the same size and modification time takes its place', () => {
    writeFileSync(file, 'first');
    const { read } = createReader();
    expect(read()).toBe('first');
    const other = join(folder, 'other');
    writeFileSync(other, 'third');
    const { atime, mtime } = statSync(file);
    utimesSync(other, atime, mtime);
    renameSync(other, file);
    expect(read()).toBe('third');
  });

  it('is read again when Kubernetes swaps the link to its folder', () => {
    const write = (version: string, content: string) => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'token'), content);
    };
    write('..1', 'first');
    write('..2', 'other');
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/token', file);
    const { read } = createReader();
    expect(read()).toBe('first');
    symlinkSync('..2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    expect(read()).toBe('other');
  });

  it('is kept while the file is gone, with one warning, and read when it is back', () => {
    writeFileSync(file, 'first');
    const { read, warn } = createReader();
    read();
    rmSync(file);
    expect([read(), read()]).toEqual(['first', 'first']);
    expect(warn.mock.calls).toEqual([
      [`the secret file ${file} cannot be read (ENOENT); the previous content stays in use`],
    ]);
    writeFileSync(file, 'second');
    expect(read()).toBe('second');
    rmSync(file);
    expect(read()).toBe('second');
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('is kept while the file cannot even be examined', () => {
    writeFileSync(file, 'first');
    const { read, warn } = createReader();
    read();
    rmSync(file);
    symlinkSync('token', file);
    expect([read(), read()]).toEqual(['first', 'first']);
    expect(warn.mock.calls).toEqual([
      [`the secret file ${file} cannot be read (ELOOP); the previous content stays in use`],
    ]);
  });

  it('warns again when the file is gone again after it was back unchanged', () => {
    writeFileSync(file, 'first');
    const { read, warn } = createReader();
    read();
    for (let time = 1; time <= 2; time++) {
      renameSync(file, `${file}-away`);
      read();
      expect(warn).toHaveBeenCalledTimes(time);
      renameSync(`${file}-away`, file);
      read();
    }
  });

  it('is kept while the file is empty, as it is for a moment while it is being written', () => {
    writeFileSync(file, 'first');
    const { read, warn } = createReader();
    read();
    writeFileSync(file, '');
    expect(read()).toBe('first');
    expect(warn.mock.calls).toEqual([
      [`the secret file ${file} is empty; the previous content stays in use`],
    ]);
    writeFileSync(file, 'first');
    expect(read()).toBe('first');
  });

  it('is an error in one line when there is no file', () => {
    expect(() => createReader().read()).toThrow(`the secret file ${file} cannot be read (ENOENT)`);
  });

  it('is an error in one line when the path is a folder', () => {
    expect(() => createReader(folder).read()).toThrow(`the secret file ${folder} cannot be read (EISDIR)`);
  });

  it.each(['', '\n', '\r\n\n', ' ', ' \n\t\n', '\u{feff}'])(
    'is an error in one line when the file holds nothing: %j',
    (content) => {
      writeFileSync(file, content);
      expect(() => createReader().read()).toThrow(`the secret file ${file} is empty`);
    },
  );

  it('may come after the start', () => {
    const { read } = createReader();
    expect(read).toThrow('ENOENT');
    writeFileSync(file, 'late');
    expect(read()).toBe('late');
  });
});

describe('a secret in an environment variable', () => {
  it('is read without trailing newlines', () => {
    expect(readVariable('sesame\n')).toBe('sesame');
  });

  it.each([undefined, '', '\n', ' \n'])('is an error in one line when it is %j', (value) => {
    expect(() => readVariable(value)).toThrow('the environment variable GITHUB_TOKEN is not set or empty');
  });
});
