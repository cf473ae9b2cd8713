/** The exchange of this process's cloud identity for a credential that a registry accepts. */
import type { Expiring } from '../../../resilience/renewing-value.ts';
import type { FetchHttp } from '../../transport.ts';
import type { Credential } from '../credential.ts';

export interface ExchangeContext {
  /** Becomes the credential's source. */
  readonly source: string;
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
  /** For requests to the registry itself. */
  readonly fetchHttp: FetchHttp;
}

export interface Cloud {
  /** For messages: `AWS`. */
  readonly name: string;
  /** Throws UpstreamError with its final message, or whatever the cloud's library throws. */
  readonly exchange: (context: ExchangeContext) => Promise<Expiring<Credential>>;
  /** What to check when the cloud denies a token; follows a semicolon. */
  readonly hint: string;
}

/** No token, for a known reason. The message completes a sentence that starts with the cloud's name. */
export class NoToken extends Error {
  override readonly name = 'NoToken';
  readonly kind: 'denied' | 'malformed' | 'timeout';

  constructor(kind: NoToken['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export const TOO_LATE = 'did not return a token in time';
/** Without an expiry, a token might be kept for ever. */
export const WITHOUT_EXPIRY = 'returned a token without an expiry';
