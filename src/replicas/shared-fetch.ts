/** Calls upstream once for all replicas: one has the turn and publishes what it is told, the others wait for that. */
import type { Clock } from '../clock.ts';
import type { Exchange, Turn } from './exchange.ts';

/** Milliseconds for which a replica keeps its turn at most, and the others wait; then each goes on by itself. */
const TURN_MS = 3_000;
const LOOK_EVERY_MS = 40;
/** A page of a hundred runs is a fiftieth of it. */
const LONGEST_TEXT = 4_000_000;

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
  /** Milliseconds: what is older will not do, so that the turn is taken with the first look. Left out: it may be of any age. */
  readonly goodFor?: number;
  /** Upstream is asked without a look where that takes longer. */
  readonly cheap?: boolean;
  /** Milliseconds for which the answer may be of use to others; 0: not at all. */
  readonly keepFor: (value: T) => number;
}

export type ShareCall = <T>(question: SharedQuestion<T>) => Promise<Told<T>>;

export function createSharedCall({ exchange, now, delay }: SharedCallDeps): ShareCall {
  async function look<T>(
    { topic, parse }: SharedQuestion<T>,
    goodFor: number,
  ): Promise<{ told: Told<T> | undefined; turn: Turn | undefined }> {
    const lookedAt = now();
    const { publication, turn } = await exchange.look(topic, goodFor, TURN_MS);
    const value = publication && parse(parseJson(publication.text));
    // Reckoned from before the question, so that it is never younger than it was.
    const told = value === undefined ? undefined : { value, askedAt: lookedAt - (publication?.ageMs ?? 0) };
    return { told, turn };
  }

  /** @param turn left out: another one has it, or nobody was asked */
  async function ask<T>(
    question: SharedQuestion<T>,
    last: Told<T> | undefined,
    turn?: Turn,
  ): Promise<Told<T>> {
    const { topic } = question;
    const askedAt = now();
    let ended = false;
    try {
      const value = await question.ask(last);
      const keepFor = question.keepFor(value);
      if (keepFor > 0) {
        const publication = { text: JSON.stringify(value), ageMs: Math.max(now() - askedAt, 0) };
        if (turn === undefined) exchange.publish(topic, publication, keepFor);
        else turn.publish(publication, keepFor);
        ended = true;
      }
      return { value, askedAt };
    } finally {
      if (!ended) turn?.end();
    }
  }

  return async (question) => {
    if (question.cheap === true && exchange.isSlow()) return ask(question, undefined);
    const startedAt = now();
    let goodFor = question.goodFor ?? Infinity;
    for (let waited = 0; ;) {
      const { told, turn } = await look(question, goodFor);
      if (told !== undefined && question.accept(told)) {
        turn?.end();
        return told;
      }
      // Looks take time, too. A clock that was set back must not make it longer.
      if (turn !== undefined || Math.max(waited, now() - startedAt) >= TURN_MS)
        return ask(question, told, turn);
      // What is there will not do, though it is not too old: the turn is wanted whatever is there.
      const again = goodFor !== -1;
      goodFor = -1;
      if (again && told !== undefined) continue;
      await delay(LOOK_EVERY_MS);
      waited += LOOK_EVERY_MS;
    }
  };
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_TEXT) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
