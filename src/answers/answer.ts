/** The answer to a request, serialized in the caller's format. */
import type { ApiErrorCode } from '../errors.ts';

/** `nothing` is the empty list: CI knows of no build, or (stale) nothing was ever handed out. */
export type Answer =
  | {
      readonly kind: 'answered' | 'nothing';
      /** The body of the response. */
      readonly body: string;
      readonly freshness: 'fresh' | 'stale';
      /** When upstream last confirmed it, in milliseconds since the epoch. */
      readonly asOf: number;
      /** The reason, one sentence for the log. */
      readonly because: string;
    }
  | { readonly kind: 'failed'; readonly code: ApiErrorCode; readonly message: string };
