/** Bounds on how long somebody waits. What is late is left behind: it may serve others, who go on waiting. */

/** @returns `late` when the promise has not settled after so many milliseconds */
export async function settledWithin<T, Late = undefined>(
  milliseconds: number,
  promise: Promise<T>,
  late?: Late,
): Promise<T | Late> {
  const expired = Promise.withResolvers<Late>();
  const timer = setTimeout(() => expired.resolve(late as Late), Math.max(0, milliseconds));
  try {
    return await Promise.race([promise, expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param work is given a signal that fires when the time is up; not every call can be aborted, and some are shared
 * @param lateError what is thrown then
 * @throws what `lateError` makes, when `work` has not finished after so many milliseconds
 */
export async function withDeadline<T>(
  milliseconds: number,
  lateError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    expired.reject(lateError());
    controller.abort();
  }, milliseconds);
  try {
    return await Promise.race([work(controller.signal), expired.promise]);
  } finally {
    clearTimeout(timer);
  }
}
