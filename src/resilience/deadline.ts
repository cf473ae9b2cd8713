/** One bound on everything that a call does. */
import { timeoutError } from '../upstream/failures.ts';

/**
 * @param work is given a signal that fires when the time is up; it may also be waiting for something that others share and that
 *   must go on, so it is left behind rather than waited for
 * @throws UpstreamError `timeout` when `work` has not finished after `ms` milliseconds
 */
export async function withDeadline<T>(
  ms: number,
  host: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(timeoutError(host));
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
