/** The last good store that outlives the process: answers in memory in front of an archive. */
import { setImmediate as nextTick } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { isWithin } from '../clock.ts';
import { SingleFlight } from '../resilience/single-flight.ts';
import type { LastGoodStore } from '../resolve/ports.ts';
import type { LastGood } from '../resolve/types.ts';
import { AnswerMemory, type AnswerMemoryOptions, type RememberedAnswer } from './answer-memory.ts';

/** Answers are confirmed every few seconds, but a confirmation is written only this often. */
const CONFIRM_AFTER_MS = 300_000;
/** Short, so that missed writes are made up for soon after a full disk has space again. */
const CATCH_UP_EVERY_MS = 1_000;
/** Number of late writes before the event loop gets a turn. */
const CATCH_UP_BATCH = 20;

export interface ArchivedStoreOptions extends AnswerMemoryOptions {
  /** Milliseconds before the archive is read again; 0 if other processes write to it, too. */
  readonly readAgainAfter: number;
}

/** While the archive fails, answers stay in memory; `catchUp` writes them when it works again. */
export class ArchivedStore implements LastGoodStore {
  readonly #options: ArchivedStoreOptions;
  readonly #memory: AnswerMemory;
  readonly #flight = new SingleFlight();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ArchivedStoreOptions) {
    this.#options = options;
    this.#memory = new AnswerMemory(options, options.readAgainAfter > 0);
  }

  async get(key: string): Promise<LastGood | 'unreadable' | undefined> {
    this.#noticeReplacement();
    const { archive, outage, now, readAgainAfter } = this.#options;
    const known = this.#memory.get(key);
    if (known !== undefined && isWithin(now(), known.readAt, readAgainAfter)) return known.value;
    const read = await outage.attempt('read', () => archive.read(key));
    return read === undefined ? this.#memory.recall(key) : this.#memory.merge(key, read.result);
  }

  async set(key: string, value: LastGood): Promise<LastGood | undefined> {
    this.#noticeReplacement();
    const known = this.#memory.get(key);
    if (known === undefined || !isWritten(known, value) || this.#options.outage.hasFailed('write')) {
      return this.#write(key, value);
    }
    this.#memory.confirm(key, value);
    return undefined;
  }

  wholeSince(): number | null {
    this.#noticeReplacement();
    return this.#options.archive.record?.wholeSince() ?? null;
  }

  /** Starts catching up in the background. */
  start(): void {
    this.#timer = setInterval(() => void this.catchUp(), CATCH_UP_EVERY_MS).unref();
  }

  /** Makes a last attempt to catch up, even if the archive has just failed. */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    // A pass in progress may already have given up.
    await this.catchUp();
    this.#options.outage.retryNow();
    await this.catchUp();
  }

  /**
   * Retries writes that the archive has missed; free if there are none. Concurrent calls share one pass.
   * Never throws.
   */
  catchUp(): Promise<void> {
    this.#noticeReplacement();
    return this.#flight.do('catch up', () => this.#writeAll());
  }

  #noticeReplacement(): void {
    const { record } = this.#options.archive;
    if (record?.wasReplaced() !== true) return;
    this.#memory.resetArchived();
    if (this.#memory.unwritten.size > 0) record.setIncomplete(true);
  }

  async #write(key: string, value: LastGood): Promise<LastGood | undefined> {
    const { archive, outage } = this.#options;
    const expectedRevision = this.#memory.get(key)?.revision ?? 0;
    const written = await outage.attempt('write', () => archive.write(key, value, expectedRevision));
    if (written === undefined) {
      const revision = Math.max(expectedRevision, this.#memory.get(key)?.revision ?? 0);
      this.#memory.remember(key, { value, revision }, undefined);
      archive.record?.setIncomplete(true);
      return undefined;
    }
    if (written.result.kind === 'written') {
      this.#memory.remember(key, { value, revision: written.result.revision }, value.confirmedAt);
      return undefined;
    }
    const { by } = written.result;
    this.#memory.remember(key, by, by.value.confirmedAt);
    return isDeepStrictEqual(by.value.set, value.set) ? undefined : by.value;
  }

  async #writeAll(): Promise<void> {
    const { unwritten } = this.#memory;
    for (const [i, key] of [...unwritten].entries()) {
      if (i % CATCH_UP_BATCH === CATCH_UP_BATCH - 1) await nextTick();
      if (!unwritten.has(key) || (await this.#writeAgain(key))) continue;
      // Moves the key to the end, so that one that cannot be written does not block the others.
      if (unwritten.delete(key)) unwritten.add(key);
      break;
    }
    if (this.#memory.isArchived()) this.#options.archive.record?.setIncomplete(false);
  }

  /** @returns whether to continue with other keys */
  async #writeAgain(key: string): Promise<boolean> {
    const { archive, outage } = this.#options;
    const read = await outage.attempt('read', () => archive.read(key));
    if (read !== undefined) this.#memory.merge(key, read.result);
    const known = this.#memory.get(key);
    if (read === undefined || known === undefined) return false;
    if (known.archivedAt !== undefined) return true;
    const write = await outage.attempt('write', () => archive.write(key, known.value, known.revision));
    if (write === undefined) return false;
    if (write.result.kind === 'overtaken') this.#memory.merge(key, write.result.by);
    // Otherwise a call has set another answer in the meantime, which has its own write.
    else if (this.#memory.get(key) === known) {
      const { revision } = write.result;
      this.#memory.remember(key, { value: known.value, revision }, known.value.confirmedAt);
    }
    return true;
  }
}

/**
 * Compares absolute differences: setting the clock back extends no confirmation, and replicas whose answers
 * have slightly different times need not correct each other.
 */
function isWritten({ value, archivedAt }: RememberedAnswer, next: LastGood): boolean {
  return (
    archivedAt !== undefined &&
    Math.abs(next.confirmedAt - archivedAt) < CONFIRM_AFTER_MS &&
    isDeepStrictEqual(value.set, next.set)
  );
}
