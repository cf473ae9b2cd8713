/** What goes to the caller. */
import type { ApiErrorCode } from '../errors.ts';

/** `nothing` is the empty list: positively known, or, stale, proven to lose nothing. */
export type Answer =
  | {
      readonly kind: 'answered' | 'nothing';
      /** The response's body, serialized once. */
      readonly body: string;
      readonly freshness: 'fresh' | 'stale';
      /** When upstream last confirmed it, milliseconds since the epoch. */
      readonly asOf: number;
      /** Why, one sentence for a person; it goes into the log. */
      readonly because: string;
    }
  | { readonly kind: 'failed'; readonly code: ApiErrorCode; readonly message: string };
