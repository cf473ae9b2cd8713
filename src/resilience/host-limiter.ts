/** How many requests a host gets at once, and whether it is left alone for now. The state belongs to the instance. */
import { createPauses, type Finding } from './pauses.ts';
import type { Clock } from '../clock.ts';

/** What a task returns. */
export interface Told<Result> {
  readonly result: Result;
  readonly host: Finding;
}

export interface HostGate {
  /**
   * Waits for a free place at the host, then runs the task. The gate is looked at after the wait: of a thousand callers only the
   * first few learn by themselves that the host does not answer.
   * @throws UpstreamError with the failure for which the host is left alone
   */
  run<Result>(host: string, task: () => Promise<Told<Result>>): Promise<Result>;
}

interface Places {
  taken: number;
  readonly waiting: (() => void)[];
}

/** Hosts come from redirects as well, so that their number is not ours to choose. */
const MAX_PAUSED_HOSTS = 1000;

/** @param maxConcurrent requests at one time, for each host */
export function createHostGate(deps: {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
  readonly maxConcurrent: number;
}): HostGate {
  const { maxConcurrent } = deps;
  const places = new Map<string, Places>();
  const pauses = createPauses({ ...deps, max: MAX_PAUSED_HOSTS });

  async function run<Result>(host: string, task: () => Promise<Told<Result>>): Promise<Result> {
    await enter(host);
    try {
      return await visit(host, task);
    } finally {
      leave(host);
    }
  }

  async function visit<Result>(host: string, task: () => Promise<Told<Result>>): Promise<Result> {
    const pause = await pauses.enter(host);
    let finding: Finding = 'untold';
    try {
      const told = await task();
      finding = told.host;
      return told.result;
    } finally {
      pause.leave(finding);
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

  return { run };
}
