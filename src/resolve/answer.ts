/** What goes to the caller. */
import type { ApiErrorCode } from '../errors.ts';

/** `nothing` is the positively known empty list. */
export type Answer =
  | {
      readonly kind: 'answered' | 'nothing';
      /** The response's body, serialized once. */
      readonly body: string;
      readonly freshness: 'fresh' | 'stale';
      /** When upstream last confirmed it, milliseconds since the epoch. */
      readonly asOf: number;
    }
  | { readonly kind: 'failed'; readonly code: ApiErrorCode; readonly message: string };
