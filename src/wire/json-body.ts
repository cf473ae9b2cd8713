/** Parses a request body as JSON, whatever its content type. Pure. */
import { isUtf8 } from 'node:buffer';
import { ApiError } from '../errors.ts';

const EXPECTED = 'expected {"applicationSetName": "...", "input": {"parameters": {"branch": "..."}}}';

/**
 * @param body undefined if the request had none
 * @throws ApiError `invalid_request` if the body is empty, not UTF-8 or not JSON
 */
export function parseJsonBody(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) {
    throw new ApiError('invalid_request', `The body is empty; ${EXPECTED}`);
  }
  if (!isUtf8(body)) throw new ApiError('invalid_request', `The body is not valid UTF-8; ${EXPECTED}`);
  try {
    return JSON.parse(withoutByteOrderMark(body.toString('utf8'))) as unknown;
  } catch (cause) {
    throw new ApiError('invalid_request', `The body is not valid JSON; ${EXPECTED}`, { cause });
  }
}

/** RFC 8259 (section 8.1) allows ignoring it. Editors on Windows write it into files for `curl -d @file`. */
function withoutByteOrderMark(text: string): string {
  return text.startsWith('\u{feff}') ? text.slice(1) : text;
}
