/** What goes wrong with a credential before anything is sent is a denial, like what the upstream says of it. */
import { UpstreamError } from '../errors.ts';

export function deniedError(host: string, message: string, cause?: unknown): UpstreamError {
  return new UpstreamError({ kind: 'denied', host, message }, { cause });
}

/**
 * @param read throws an Error with one clear line, which becomes the failure's message
 * @throws UpstreamError `denied`
 */
export function readSecret(read: () => string, host: string): string {
  try {
    return read();
  } catch (error) {
    throw deniedError(host, error instanceof Error ? error.message : 'the secret cannot be read', error);
  }
}
