/** A registry's own words for a refusal, as they may stand in a message. */
import { describe, expect, it } from 'vitest';
import { isGenericReason, extractReason } from '../../../src/registry/error-reason.ts';

function tell(message: unknown, code: unknown = 'DENIED', secrets: readonly string[] = []): string {
  return extractReason(Buffer.from(JSON.stringify({ errors: [{ code, message }] })), secrets);
}

describe("a registry's reason", () => {
  it('is its first code and message', () => {
    expect(tell('the image is under quarantine')).toBe('DENIED: the image is under quarantine');
  });

  it.each([
    ['the code alone if there is no message', undefined, 'DENIED', 'DENIED'],
    ['the message alone if the code is invalid', 'no', 'what a code!', 'no'],
    ['nothing if there is neither', 7, '-', ''],
  ])('is %s', (_, message, code, told) => {
    expect(tell(message, code)).toBe(told);
  });

  it.each(['', '<html>', '{"message": "no"}', '{"errors": "no"}', '{"errors": []}', '[]'])(
    'is empty for %j, which does not have the specified form',
    (body) => {
      expect(extractReason(Buffer.from(body))).toBe('');
    },
  );

  it.each([
    ['line ends', 'a\nb\r\nc', 'a b c'],
    ['control characters', 'a\u0000\u001b[31mb\u0085c', 'a [31mb c'],
    ['bidirectional marks', 'a\u202eb\u200fc\u2066d', 'a b c d'],
    ['addresses', 'see https://reg.test/x?token=1 and more', 'see … and more'],
    ['digests', 'sha256:0123456789abcdef0123456789abcdef is blocked', '… is blocked'],
    ['identifiers', 'request 3f2a9c1e-77aa-4c1e-9f00-0123456789ab failed', 'request … failed'],
    ['long runs of letters and digits', 'ref AKIAIOSFODNN7EXAMPLEKEY00 unknown', 'ref … unknown'],
    ['times', 'blocked at 2026-01-02T03:04:05.678Z until 09:30:00', 'blocked at … until …'],
    ['counters', 'try again in 17 seconds, 3 of 10', 'try again in … seconds, … of …'],
    ['named secrets', 'token=abc password: hunter2 auth_token="x"', 'token=… password: … auth_token=…'],
    ['headers', 'Authorization: Bearer abc.def1 refused', 'Authorization: … refused'],
  ])('bears no %s', (_, message, told) => {
    expect(tell(message)).toBe(`DENIED: ${told}`);
  });

  it.each(['Basic ECHO', 'bad Bearer abcdefgh', 'you sent Basic Ym90OnB3'])(
    'repeats no header (%s)',
    (message) => {
      expect(tell(message)).not.toMatch(/ECHO|abcdefgh|Ym90/);
    },
  );

  it('is omitted if it adds nothing to the status', () => {
    const common = ['unauthorized', 'authentication required', 'requested access to the resource is denied'];
    for (const message of common) expect(isGenericReason(tell(message))).toBe(true);
    expect(isGenericReason(tell('authentication required for pulls by bots'))).toBe(false);
  });

  it('keeps names and versions, which do not change', () => {
    expect(tell('CVE-2026-1234 in v2 of acme/shop:1.2.3 (policy-7)')).toBe(
      'DENIED: CVE-2026-1234 in v2 of acme/shop:1.2.3 (policy-7)',
    );
  });

  it('does not repeat credentials', () => {
    expect(tell('bad login bot:hunter2!', 'DENIED', ['hunter2!'])).toBe('DENIED: bad login bot:…');
  });

  it('is cut after whole words, at 120 characters', () => {
    const told = tell('word '.repeat(1_000_000));
    expect(told.length).toBeLessThanOrEqual('DENIED: '.length + 121);
    expect(told).toMatch(/^DENIED: (?:word )+word…$/);
    expect(tell('😀'.repeat(100).replace('😀', 'a')).isWellFormed()).toBe(true);
  });
});

describe('a secret of ours', () => {
  it.each([
    ['as the code, which is shown in upper case', 'hunter2_ours'],
    ['inside the code', 'not_hunter2_ours_but'],
  ])('is not told %s', (_, code) => {
    expect(tell('no', code, ['hunter2_ours'])).toBe('no');
  });

  it('is not partly shown if the message is truncated', () => {
    const long = `see https://reg.test/${'x'.repeat(1_170)}`;
    expect(tell(`${long} correct horse battery staple`, 'DENIED', ['correct horse battery staple'])).toBe(
      'DENIED: see …',
    );
  });
});
