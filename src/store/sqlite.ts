/** Last good answers in a file, by SQLite: they survive the process, however it ends. */
import { createHash } from 'node:crypto';
import type { Clock } from '../resolve/ports.ts';
import type { Archive, Kept } from './archive.ts';
import { formatLastGood, parseLastGood } from './last-good-text.ts';
import { openSqliteFile } from './sqlite-file.ts';

/** Reading marks an answer as asked for: so often is that worth a write. */
const MARK_AFTER_MS = 3_600_000;
/** What nobody asks for is looked for so often, and deleted in steps, so that no call waits for long. */
const FORGET_EVERY_MS = 3_600_000;
const FORGET_AT_ONCE = 200;

export interface SqliteOptions {
  readonly path: string;
  /** Milliseconds after which an answer that nobody asked for is deleted. */
  readonly forgetAfter: number;
  readonly now: Clock;
}

/**
 * Several processes may have the file open, but it must lie on a disk of this machine (https://sqlite.org/wal.html).
 * @throws ConfigError when the file cannot be opened, or is not ours
 */
export function createSqliteArchive({ path, forgetAfter, now }: SqliteOptions): Archive {
  const database = openSqliteFile(path);
  const select = database.prepare(
    'SELECT value, revision, checksum, asked_at AS askedAt FROM last_good WHERE key = ?',
  );
  const mark = database.prepare('UPDATE last_good SET asked_at = ? WHERE key = ?');
  const upsert = database.prepare(
    `INSERT INTO last_good (key, value, revision, checksum, asked_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, revision = excluded.revision,
       checksum = excluded.checksum, asked_at = excluded.asked_at`,
  );
  const forget = database.prepare(
    'DELETE FROM last_good WHERE key IN (SELECT key FROM last_good WHERE asked_at < ? ORDER BY asked_at LIMIT ?)',
  );
  // Not at once: after a long pause of the whole service, what is still wanted is asked for first.
  let forgottenAt = now();

  function find(key: string): (Kept & { readonly askedAt: number }) | undefined {
    const row = select.get(key);
    if (row === undefined) return undefined;
    const { value: text, revision, checksum, askedAt } = row as unknown as Row;
    if (checksum !== checksumOf(key, text, revision)) return undefined;
    const value = parseLastGood(text);
    return value && { value, revision, askedAt };
  }

  function forgetSome(): void {
    if (now() - forgottenAt < FORGET_EVERY_MS) return;
    const { changes } = forget.run(now() - forgetAfter, FORGET_AT_ONCE);
    if (Number(changes) < FORGET_AT_ONCE) forgottenAt = now();
  }

  function writeIfUnchanged(key: string, value: Kept['value'], seen: number): ReturnType<Archive['write']> {
    const stored = find(key);
    if (stored !== undefined && stored.revision > seen) {
      return Promise.resolve({ kind: 'overtaken', by: stored });
    }
    const text = formatLastGood(value);
    const revision = seen + 1;
    upsert.run(key, text, revision, checksumOf(key, text, revision), now());
    return Promise.resolve({ kind: 'written', revision });
  }

  /** Mere bookkeeping: a full disk or a lock must not take away what could be read. */
  function markAsAsked(key: string): void {
    try {
      mark.run(now(), key);
    } catch {
      // The next read tries again.
    }
  }

  return {
    async read(key) {
      const found = find(key);
      if (found === undefined) return undefined;
      if (now() - found.askedAt >= MARK_AFTER_MS) markAsAsked(key);
      return { value: found.value, revision: found.revision };
    },
    async write(key, value, seen) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const written = writeIfUnchanged(key, value, seen);
        forgetSome();
        database.exec('COMMIT');
        return await written;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    async close() {
      database.close();
    },
  };
}

interface Row {
  readonly value: string;
  readonly revision: number;
  readonly checksum: string;
  readonly askedAt: number;
}

/** SQLite has none for what it reads from the disk: a bit that flipped must not become another digest. */
function checksumOf(key: string, value: string, revision: number): string {
  return createHash('sha256')
    .update(JSON.stringify([key, value, revision]))
    .digest('base64');
}
