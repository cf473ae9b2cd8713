import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS, openSqliteFile, probeSqliteFile } from '../../../../src/store/sqlite/file.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'greenpin-probe-'));
  path = join(folder, 'greenpin.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('without a database', () => {
  it('none is created', () => {
    expect(probeSqliteFile(path)).toBe('empty');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('an empty file stays empty', () => {
    writeFileSync(path, '');
    expect(probeSqliteFile(path)).toBe('empty');
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('and without a folder for it, that is reported', () => {
    path = join(folder, 'missing', 'greenpin.db');
    expect(() => probeSqliteFile(path)).toThrow(
      /found a directory that is missing or read-only.*expected a directory that this user can/,
    );
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  it('but with a dangling link, that is reported in one line', () => {
    symlinkSync(path, path);
    expect(() => probeSqliteFile(path)).toThrow(
      'store.path: found a file or directory that is missing or cannot be opened at ',
    );
  });
});

describe('a database', () => {
  it('that is not open is found, and left byte for byte as it was', () => {
    openSqliteFile(path).close();
    const before = readFileSync(path);
    expect(probeSqliteFile(path)).toBe('found');
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['greenpin.db']);
  });

  it('that a process has open is found, and the process can go on writing', () => {
    const open = openSqliteFile(path);
    expect(probeSqliteFile(path)).toBe('found');
    const insert = open.prepare("INSERT INTO last_good VALUES (?, 'v', 1, 'c', 1)");
    insert.run('after the probe');
    expect(probeSqliteFile(path)).toBe('found');
    expect(open.prepare('SELECT count(*) AS n FROM last_good').get()).toEqual({ n: 1 });
    open.close();
  });

  it('of an older version is not migrated: the process that has it open may be older, too', () => {
    openSqliteFile(path, []).close();
    probeSqliteFile(path);
    const database = new DatabaseSync(path);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 0 });
    database.close();
    expect(MIGRATIONS.length).toBeGreaterThan(0);
  });

  it.each([
    ["another program's database", 'CREATE TABLE t (x)', false],
    [
      "a newer Greenpin's database",
      `PRAGMA application_id = 1735420270; PRAGMA user_version = ${MIGRATIONS.length + 1}; CREATE TABLE t (x)`,
      false,
    ],
    [
      'a database locked by another process',
      'CREATE TABLE t (x); PRAGMA application_id = 1735420270; BEGIN IMMEDIATE',
      true,
    ],
  ])('that cannot be used is told: %s', (found, statements, staysOpen) => {
    const database = new DatabaseSync(path);
    database.exec(statements);
    if (!staysOpen) database.close();
    expect(() => probeSqliteFile(path)).toThrow(`store.path: found ${found} at `);
    if (staysOpen) database.close();
  });

  it('that is a folder is reported', () => {
    mkdirSync(path);
    expect(() => probeSqliteFile(path)).toThrow('store.path: found ');
  });
});
