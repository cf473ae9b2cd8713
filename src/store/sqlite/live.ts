/** The database of a long-running process, which owns the file exclusively and recreates it if removed. */
import { rmSync } from 'node:fs';
import type { ConfigError } from '../../errors.ts';
import type { LastGood } from '../../resolve/types.ts';
import type { Archive, ArchiveRecord, Versioned, WriteResult } from '../archive.ts';
import { SqliteArchive, type SqliteOptions } from './archive.ts';
import { followLinks, readFileId, tryLock, type FileLock } from './file-lock.ts';
import { createPathError, explainUnusable } from './file.ts';
import { proofPath } from './record.ts';

/** During a roll-out that recreates the pod, the old process may still be answering its last calls. */
const WAIT_FOR_LOCK_MS = 5_000;
const TRY_LOCK_EVERY_MS = 100;
/** How often to check that the file is still there; it is also checked before each read and write. */
const CHECK_EVERY_MS = 1_000;

const REPLACED =
  "the store's file was removed or replaced: Greenpin uses the file as it is now, and writes to it what this process remembers";

export interface LiveSqliteOptions extends Omit<SqliteOptions, 'replaced'> {
  readonly warn: (message: string) => void;
  readonly delay: (ms: number) => Promise<void>;
}

/** Every call throws while the file is not, or cannot be, opened. */
export class LiveSqlite implements Archive {
  readonly record: ArchiveRecord;
  readonly #options: LiveSqliteOptions;
  readonly #elapsed: () => number;
  /** The file itself, since a symbolic link may be changed to another one. */
  #path: string;
  #lock: FileLock | undefined;
  #archive: SqliteArchive | undefined;
  /** Identifies the opened files; empty before the first opening. */
  #fileIds = '';
  #checkedAt = -Infinity;
  #replaced = false;

  constructor(options: LiveSqliteOptions) {
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#path = followLinks(options.path);
    this.record = {
      wholeSince: () => {
        this.#check();
        return this.#archive?.record.wholeSince() ?? null;
      },
      setIncomplete: (incomplete) => this.#archive?.record.setIncomplete(incomplete),
      reportLoss: () => this.#archive?.record.reportLoss(),
      lostRecently: () => false,
      wasReplaced: () => {
        this.#check();
        const replaced = this.#replaced;
        this.#replaced = false;
        return replaced;
      },
    };
  }

  /**
   * @throws ConfigError if the file cannot be opened, belongs to another program, or remains in use elsewhere
   */
  async open(): Promise<void> {
    this.#path = followLinks(this.#options.path);
    for (let waited = 0; this.#lock === undefined; waited += TRY_LOCK_EVERY_MS) {
      this.#lock = lockFile(this.#path);
      if (this.#lock !== undefined) break;
      if (waited >= WAIT_FOR_LOCK_MS) throw createInUseError(this.#path);
      await this.#options.delay(TRY_LOCK_EVERY_MS);
    }
    try {
      this.#start(false);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  async read(key: string): Promise<Versioned | 'unreadable' | undefined> {
    return this.#use().read(key);
  }

  async write(key: string, value: LastGood, expectedRevision: number): Promise<WriteResult> {
    return this.#use().write(key, value, expectedRevision);
  }

  async close(): Promise<void> {
    await this.#stop();
    this.#unlock();
    this.#fileIds = '';
  }

  #start(replaced: boolean): SqliteArchive {
    this.#archive = new SqliteArchive({ ...this.#options, path: this.#path, replaced });
    this.#fileIds = readFileIds(this.#path);
    return this.#archive;
  }

  async #stop(): Promise<void> {
    const archive = this.#archive;
    this.#archive = undefined;
    await archive?.close();
  }

  #unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** @throws Error if the file cannot be used */
  #use(): SqliteArchive {
    this.#checkedAt = this.#elapsed();
    const isSame =
      this.#path === followLinks(this.#options.path) && this.#fileIds === readFileIds(this.#path);
    if (isSame && this.#lock?.isHeld() === true && this.#archive !== undefined) return this.#archive;
    if (this.#fileIds === '') throw new Error('the file is not open');
    // The old file is no longer needed, even if closing it fails.
    this.#stop().catch(() => undefined);
    return this.#restart();
  }

  /** @throws ConfigError */
  #restart(): SqliteArchive {
    const path = followLinks(this.#options.path);
    if (path !== this.#path) this.#unlock();
    this.#path = path;
    rmSync(proofPath(path), { force: true });
    if (this.#lock?.isHeld() !== true) {
      this.#unlock();
      this.#lock = lockFile(path);
      if (this.#lock === undefined) throw createInUseError(path);
    }
    const archive = this.#start(true);
    this.#replaced = true;
    this.#options.warn(REPLACED);
    return archive;
  }

  #check(): void {
    if (this.#elapsed() - this.#checkedAt < CHECK_EVERY_MS) return;
    try {
      this.#use().record.beat();
    } catch {
      // The next read or write meets the same error and reports it.
    }
  }
}

/** Includes the write-ahead log, since only it has the latest writes. */
function readFileIds(path: string): string {
  return `${readFileId(path)} ${readFileId(`${path}-wal`)}`;
}

/** @throws ConfigError */
function lockFile(path: string): FileLock | undefined {
  try {
    return tryLock(`${path}-lock`);
  } catch (error) {
    throw explainUnusable(path, error);
  }
}

function createInUseError(path: string): ConfigError {
  const expected =
    'a separate file for each process; stop the other process, or use store.kind: redis for both';
  return createPathError(path, 'a file in use by another Greenpin process', { expected });
}
