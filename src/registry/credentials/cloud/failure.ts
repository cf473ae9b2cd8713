/**
 * Translates errors of the clouds' libraries to `UpstreamFailure`. Pure. Their messages are never repeated:
 * they hold request ids, times and whole responses, and change from one version to the next.
 */
import type { UpstreamFailureKind } from '../../../errors.ts';
import { NoToken, TOO_LATE } from './token-exchange.ts';
import { isMapping } from '../../../text/document-path.ts';

export interface CloudFailure {
  readonly kind: UpstreamFailureKind;
  /** Completes a sentence that begins with the cloud's name. */
  readonly clause: string;
}

/** Node's codes for a file that cannot be read; the environment, or a file that it names, points to one. */
const FILE_CODES: ReadonlySet<string> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR']);
const TIMEOUT_CODES: ReadonlySet<string> = new Set(['ETIMEDOUT', 'TimeoutError', 'AbortError', 'ABORT_ERR']);
const NETWORK_CODE =
  /^(?:E[A-Z]{3,}|EAI_[A-Z]+|(?:CERT|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL)_[A-Z_]+)$/;

/** Errors for credentials that were found nowhere. @azure/identity gives the reason only in the message. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'AggregateAuthenticationError',
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** Microsoft Entra ID's error code. */
const ENTRA_REASON = /AADSTS\d{4,7}/;

/** AWS throttles with status 400. */
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown/;

/** @param error may have any shape */
export function describeCloudFailure(error: unknown): CloudFailure {
  if (error instanceof NoToken) return { kind: error.kind, clause: error.message };
  if (!(error instanceof Error)) return MALFORMED;
  if (NO_CREDENTIALS.has(error.name)) return describeUnavailable(error.message);
  const status = findStatus(error);
  if (status !== undefined && status >= 400) return describeStatus(status, findReason(error));
  // The AWS SDK calls a reset a TimeoutError, so the code is more reliable than the name.
  const code = findCode(error);
  if (FILE_CODES.has(code)) {
    return { kind: 'denied', clause: `returned no token: a credentials file cannot be read (${code})` };
  }
  if (code.startsWith('ERR_OSSL_')) {
    return { kind: 'denied', clause: 'returned no token: the private key in the credentials cannot be used' };
  }
  if (TIMEOUT_CODES.has(code)) return LATE;
  if (NETWORK_CODE.test(code)) {
    return {
      kind: 'unreachable',
      clause: `returned no token: its token service cannot be reached (${code})`,
    };
  }
  return MALFORMED;
}

const LATE: CloudFailure = { kind: 'timeout', clause: TOO_LATE };
const MALFORMED: CloudFailure = { kind: 'malformed', clause: 'returned something that is not a token' };

function describeStatus(status: number, reason: string): CloudFailure {
  if (status === 429 || THROTTLED.test(reason)) {
    return { kind: 'rate_limited', clause: 'limits the rate of token requests' };
  }
  if (status >= 500) return { kind: 'unavailable', clause: `cannot issue a token now (${status})` };
  return { kind: 'denied', clause: `denied the request for a token (${reason === '' ? status : reason})` };
}

function describeUnavailable(message: string): CloudFailure {
  const reason = ENTRA_REASON.exec(message)?.[0];
  if (reason !== undefined) return { kind: 'denied', clause: `denied the request for a token (${reason})` };
  if (/\bserver_error\b/.test(message)) return { kind: 'unavailable', clause: 'cannot issue a token now' };
  if (/\b(?:network_error|endpoints_resolution_error)\b/.test(message)) {
    return { kind: 'unreachable', clause: 'returned no token: its token service cannot be reached' };
  }
  return { kind: 'denied', clause: 'returned no token: this process has no credentials that it accepts' };
}

function findStatus(error: Error): number | undefined {
  const { $metadata, response, status, statusCode } = toProperties(error);
  const inMetadata = isMapping($metadata) ? $metadata['httpStatusCode'] : undefined;
  const inResponse = isMapping(response) ? response['status'] : undefined;
  return [inMetadata, inResponse, status, statusCode].find((value) => typeof value === 'number');
}

/** The cloud's error code, for example `AccessDenied`; empty if there is none that may be shown. */
function findReason(error: Error): string {
  const { response } = toProperties(error);
  const data = isMapping(response) ? response['data'] : undefined;
  const oauth = isMapping(data) ? data['error'] : undefined;
  const word = typeof oauth === 'string' ? oauth : error.name;
  return /^(?!Unknown$|\w*Error$)[A-Za-z_]{3,60}$/.test(word) ? word : '';
}

function findCode(error: Error): string {
  const { code, cause } = toProperties(error);
  const inner = isMapping(cause) ? cause['code'] : undefined;
  return [code, inner].find((value) => typeof value === 'string') ?? error.name;
}

function toProperties(error: Error): Readonly<Record<string, unknown>> {
  return error as unknown as Readonly<Record<string, unknown>>;
}
