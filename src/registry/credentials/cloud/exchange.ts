/** What the clouds' files have in common: one exchange of this process's identity for what a registry takes. */
import type { Credential } from '../credential.ts';
import type { FetchHttp } from '../../transport.ts';
import type { Expiring } from '../../../resilience/renewal.ts';

export interface ExchangeContext {
  /** Becomes the credential's source. */
  readonly source: string;
  /** Fires when the time is up. */
  readonly signal: AbortSignal;
  /** For what is asked of the registry itself. */
  readonly fetchHttp: FetchHttp;
}

/** @throws UpstreamError as it is to be shown, or whatever the cloud's library throws */
export type Exchange = (context: ExchangeContext) => Promise<Expiring<Credential>>;

/** How a cloud is used: its exchange, and what a person may have done wrong when it is refused. */
export interface Cloud {
  /** For messages: `AWS`. */
  readonly name: string;
  readonly exchange: Exchange;
  /** What to look at when the cloud says no; goes after a semicolon. */
  readonly hint: string;
}

/** There is no token, and it is known why; the message is stable and completes a sentence that begins with the cloud's name. */
export class NoToken extends Error {
  override readonly name = 'NoToken';
  readonly kind: 'denied' | 'malformed';

  constructor(kind: NoToken['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Of a token that might be kept for ever. */
export const ENDLESS = 'answers with a token that says not how long it lasts';
