/**
 * Puts what a cloud's library threw into the words of `UpstreamFailure`. Pure. Their messages are never repeated: they bear request
 * ids, times, whole answers, and they change from one version to the next.
 */
import type { UpstreamFailureKind } from '../../../errors.ts';
import { isJsonObject } from '../../json.ts';
import { NoToken } from './exchange.ts';

/** `says` completes a sentence that begins with the cloud's name. */
export interface Trouble {
  readonly kind: UpstreamFailureKind;
  readonly says: string;
}

/** The exchange has used up its time. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** Node's codes for a file that cannot be read: the environment (or a file that it names) points to one. */
const FILE_CODES: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR']);
const TIMEOUT_CODES: ReadonlySet<string> = new Set(['ETIMEDOUT', 'TimeoutError', 'AbortError', 'ABORT_ERR']);
const NETWORK_CODE =
  /^(?:E[A-Z]{3,}|EAI_[A-Z]+|CERT_[A-Z_]+|UNABLE_TO_[A-Z_]+|SELF_SIGNED_[A-Z_]+|DEPTH_ZERO_[A-Z_]+|ERR_TLS_[A-Z_]+|ERR_SSL_[A-Z_]+)$/;

/** What the libraries throw when they have looked everywhere; @azure/identity gives each reason in the message only. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'AggregateAuthenticationError',
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** Microsoft Entra ID's own number for a refusal. */
const ENTRA_REASON = /AADSTS\d{4,7}/;

/** AWS limits with status 400. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/;

/** @param error what was thrown, of any shape */
export function describeTrouble(error: unknown): Trouble {
  if (error instanceof DeadlinePassed) return LATE;
  if (error instanceof NoToken) return { kind: error.kind, says: error.message };
  if (!(error instanceof Error)) return MALFORMED;
  if (NO_CREDENTIALS.has(error.name)) return describeUnavailable(error.message);
  const status = statusOf(error);
  if (status !== undefined && status >= 400) return describeStatus(status, reasonOf(error));
  // A reset is a TimeoutError to the AWS SDK; the code knows better than the name.
  const code = codeOf(error);
  if (FILE_CODES.has(code)) {
    return { kind: 'denied', says: `gives no token: a file with its credentials cannot be read (${code})` };
  }
  if (code.startsWith('ERR_OSSL_')) {
    return { kind: 'denied', says: 'gives no token: the key among its credentials cannot be used' };
  }
  if (TIMEOUT_CODES.has(code)) return LATE;
  if (NETWORK_CODE.test(code)) {
    return { kind: 'unreachable', says: `gives no token: its token service cannot be reached (${code})` };
  }
  return MALFORMED;
}

const LATE: Trouble = { kind: 'timeout', says: 'gives no token in time' };
const MALFORMED: Trouble = { kind: 'malformed', says: 'answers with something that is no token' };

function describeStatus(status: number, reason: string): Trouble {
  if (status === 429 || THROTTLED.test(reason)) {
    return { kind: 'rate_limited', says: 'limits how often it gives a token' };
  }
  if (status >= 500) return { kind: 'unavailable', says: `cannot give a token now (${status})` };
  return { kind: 'denied', says: `refuses a token (${reason === '' ? status : reason})` };
}

function describeUnavailable(message: string): Trouble {
  const reason = ENTRA_REASON.exec(message)?.[0];
  if (reason !== undefined) return { kind: 'denied', says: `refuses a token (${reason})` };
  if (/\bserver_error\b/.test(message)) return { kind: 'unavailable', says: 'cannot give a token now' };
  if (/\b(?:network_error|endpoints_resolution_error)\b/.test(message)) {
    return { kind: 'unreachable', says: 'gives no token: its token service cannot be reached' };
  }
  return { kind: 'denied', says: 'gives no token: this process has no credentials that it accepts' };
}

function statusOf(error: Error): number | undefined {
  const { $metadata, response, status, statusCode } = propertiesOf(error);
  const inMetadata = isJsonObject($metadata) ? $metadata['httpStatusCode'] : undefined;
  const inResponse = isJsonObject(response) ? response['status'] : undefined;
  return [inMetadata, inResponse, status, statusCode].find((value) => typeof value === 'number');
}

/** The provider's own short word for a refusal: `AccessDenied`, `invalid_grant`; empty when there is none that may be shown. */
function reasonOf(error: Error): string {
  const { response } = propertiesOf(error);
  const data = isJsonObject(response) ? response['data'] : undefined;
  const oauth = isJsonObject(data) ? data['error'] : undefined;
  const word = typeof oauth === 'string' ? oauth : error.name;
  return /^(?!Unknown$|\w*Error$)[A-Za-z_]{3,60}$/.test(word) ? word : '';
}

function codeOf(error: Error): string {
  const { code, cause } = propertiesOf(error);
  const inner = isJsonObject(cause) ? cause['code'] : undefined;
  return [code, inner].find((value) => typeof value === 'string') ?? error.name;
}

function propertiesOf(error: Error): Readonly<Record<string, unknown>> {
  return error as unknown as Readonly<Record<string, unknown>>;
}
