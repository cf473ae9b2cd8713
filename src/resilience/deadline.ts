/** Bounds on waiting. Late work is abandoned, not awaited, since others may be waiting for it too. */

const LATE = Symbol('late');

/** @returns the promise's value, or `late` if it has not settled within so many milliseconds */
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
 * @param lateError creates the error for work that has not finished within so many milliseconds
 * @param work receives a signal that is aborted at the deadline, for calls that can be cancelled
 * @throws the late error, or an earlier error of `work`
 */
export async function withDeadline<T>(
  milliseconds: number,
  lateError: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const result = await settledWithin(milliseconds, work(controller.signal), LATE);
  if (result !== LATE) return result;
  controller.abort();
  throw lateError();
}
