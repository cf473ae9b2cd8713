/** How many requests a host gets at once, and whether it is left alone for now. The state belongs to the instance. */
import { LRUCache } from 'lru-cache';
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { Clock } from '../resolve/ports.ts';

export interface HostGate {
  /**
   * Waits for a free place at the host, then runs the task. The gate is looked at after the wait: of a thousand callers only the
   * first few learn by themselves that the host does not answer.
   * @throws UpstreamError with the failure that closed the gate
   */
  run<Result>(host: string, task: () => Promise<Result>): Promise<Result>;
  /** Leaves the host alone for `ms`; whoever asks meanwhile gets `failure`. */
  close(host: string, failure: UpstreamFailure, ms: number): void;
}

interface Places {
  taken: number;
  readonly waiting: (() => void)[];
}

interface Closure {
  readonly failure: UpstreamFailure;
  readonly since: number;
  readonly ms: number;
}

/** Hosts come from redirects as well, so that their number is not ours to choose. */
const MAX_CLOSED_HOSTS = 1000;

/** @param maxConcurrent requests at one time, for each host */
export function createHostGate(deps: { readonly now: Clock; readonly maxConcurrent: number }): HostGate {
  const { now, maxConcurrent } = deps;
  const places = new Map<string, Places>();
  const closed = new LRUCache<string, Closure>({ max: MAX_CLOSED_HOSTS });

  async function run<Result>(host: string, task: () => Promise<Result>): Promise<Result> {
    await enter(host);
    try {
      throwIfClosed(host);
      return await task();
    } finally {
      leave(host);
    }
  }

  async function enter(host: string): Promise<void> {
    const place = places.get(host) ?? { taken: 0, waiting: [] };
    places.set(host, place);
    if (place.taken < maxConcurrent) place.taken++;
    else await new Promise<void>((resolve) => place.waiting.push(resolve));
  }

  /** The place goes straight to the next in line, if there is one. */
  function leave(host: string): void {
    const place = places.get(host);
    const next = place?.waiting.shift();
    if (next !== undefined) next();
    else if (place !== undefined && --place.taken === 0) places.delete(host);
  }

  function throwIfClosed(host: string): void {
    const closure = closed.get(host);
    const left = closure === undefined ? 0 : timeLeft(closure);
    if (closure === undefined || left === 0) return;
    const { retryAfterMs: asked, ...failure } = closure.failure;
    throw new UpstreamError(asked === undefined ? failure : { ...failure, retryAfterMs: left });
  }

  /** A clock that was set back opens the gate: better one request too many than none for hours. */
  function timeLeft({ since, ms }: Closure): number {
    const passed = now() - since;
    return passed < 0 ? 0 : Math.max(ms - passed, 0);
  }

  function close(host: string, failure: UpstreamFailure, ms: number): void {
    const before = closed.get(host);
    if (before === undefined || timeLeft(before) < ms) closed.set(host, { failure, since: now(), ms });
  }

  return { run, close };
}
