/** Calls upstream once for all replicas: one has the turn and publishes what it is told, the others wait for that. */
import type { Clock, Exchange } from '../resolve/ports.ts';

/** Milliseconds for which a replica keeps its turn at most, and the others wait; then each goes on by itself. */
const TURN_MS = 3_000;
const LOOK_EVERY_MS = 40;

export interface SharedCallDeps {
  readonly exchange: Exchange;
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
}

/** What upstream said, and when it was asked, by this process's clock (milliseconds since the epoch). */
export interface Told<T> {
  readonly value: T;
  readonly askedAt: number;
}

export interface SharedQuestion<T> {
  readonly topic: string;
  /** @returns undefined for what is no such value */
  readonly parse: (published: unknown) => T | undefined;
  /** Whether what another replica was told will do. */
  readonly accept: (told: Told<T>) => boolean;
  /**
   * Asks upstream. What it throws is thrown on, and nothing is published.
   * @param last what was published last, and is not good enough
   */
  readonly ask: (last: Told<T> | undefined) => Promise<T>;
  /** Milliseconds for which the answer may be of use to others; 0: not at all. */
  readonly keepFor: (value: T) => number;
}

export type ShareCall = <T>(question: SharedQuestion<T>) => Promise<Told<T>>;

export function createSharedCall({ exchange, now, delay }: SharedCallDeps): ShareCall {
  async function look<T>({ topic, parse }: SharedQuestion<T>): Promise<Told<T> | undefined> {
    const lookedAt = now();
    const found = await exchange.find(topic);
    const value = found && parse(parseJson(found.text));
    // Reckoned from before the question, so that it is never younger than it was.
    return value === undefined ? undefined : { value, askedAt: lookedAt - (found?.ageMs ?? 0) };
  }

  async function askAndPublish<T>(question: SharedQuestion<T>, last: Told<T> | undefined): Promise<Told<T>> {
    const askedAt = now();
    const value = await question.ask(last);
    const keepFor = question.keepFor(value);
    if (keepFor > 0) {
      const publication = { text: JSON.stringify(value), ageMs: Math.max(now() - askedAt, 0) };
      await exchange.publish(question.topic, publication, keepFor);
    }
    return { value, askedAt };
  }

  return async (question) => {
    for (let waited = 0; ; waited += LOOK_EVERY_MS) {
      const published = await look(question);
      if (published !== undefined && question.accept(published)) return published;
      if (waited >= TURN_MS) return askAndPublish(question, published);
      const turn = await exchange.takeTurn(question.topic, TURN_MS);
      if (turn === undefined) {
        await delay(LOOK_EVERY_MS);
        continue;
      }
      try {
        // Whoever had the turn before may have published since.
        const latest = await look(question);
        if (latest !== undefined && question.accept(latest)) return latest;
        return await askAndPublish(question, latest);
      } finally {
        await turn.end();
      }
    }
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
