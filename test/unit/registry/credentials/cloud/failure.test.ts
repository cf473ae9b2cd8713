import { describe, expect, it } from 'vitest';
import { describeCloudFailure } from '../../../../../src/registry/credentials/cloud/failure.ts';

/** An error as a library throws it. */
function thrown(name: string, properties: object = {}): Error {
  return Object.assign(new Error('hunter2, request 4711'), { name, ...properties });
}

describe("a library's error", () => {
  it.each([
    ['EAI_AGAIN', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['ECONNREFUSED', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['CERT_HAS_EXPIRED', 'unreachable'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['EACCES', 'denied'],
    ['ERR_INVALID_URL', 'malformed'],
  ])("with the code %s is %s, also when the code is its cause's", (code, kind) => {
    expect(describeCloudFailure(thrown('Error', { code })).kind).toBe(kind);
    expect(describeCloudFailure(thrown('Error', { cause: { code } })).kind).toBe(kind);
  });

  it.each([
    ['AccessDenied', {}, 'AccessDenied'],
    ['Unknown', {}, '403'],
    ['GaxiosError', {}, '403'],
    ['Error', { response: { status: 403, data: { error: 'invalid_grant' } } }, 'invalid_grant'],
    ['Error', { response: { status: 403, data: { error: 'hunter2: <b>' } } }, '403'],
    ['Error', { response: { status: 403, data: { error: { code: 7 } } } }, '403'],
  ])('named %s with status 403 and %j is told as %s', (name, properties, reason) => {
    expect(describeCloudFailure(thrown(name, { status: 403, ...properties }))).toEqual({
      kind: 'denied',
      clause: `denied the request for a token (${reason})`,
    });
  });

  it('is never quoted', () => {
    const errors = ['AuthenticationError', 'CredentialUnavailableError', 'TypeError'].map((name) =>
      thrown(name),
    );
    for (const error of [...errors, 'hunter2', undefined, { message: 'hunter2' }]) {
      expect(JSON.stringify(describeCloudFailure(error))).not.toContain('hunter2');
    }
  });
});
