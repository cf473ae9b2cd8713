/** Failures as values, as the ports of the core have them. */
import { UpstreamError } from '../errors.ts';
import type { Failed } from '../resolve/ports.ts';

/** Turns an upstream failure into a value; any other error is a bug and is rethrown. */
export async function toResult<T>(call: () => Promise<T>): Promise<T | Failed> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UpstreamError) return { kind: 'failed', failure: error.failure };
    throw error;
  }
}
