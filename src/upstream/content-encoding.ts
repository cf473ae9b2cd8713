/** Decompresses response bodies (RFC 9110, 8.4). */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const inflateZlib: Decoder = promisify(inflate);
const inflateStream: Decoder = promisify(inflateRaw);
const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  // The standard means zlib's format, but servers often send the raw stream (RFC 9110, 8.4.1.2).
  ['deflate', (body, options) => (isZlib(body) ? inflateZlib : inflateStream)(body, options)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
]);
/** No honest server applies more encodings than this to one body. */
const MAX_ENCODINGS = 3;

/** The encoding is unknown or does not fit the body. The message completes "cannot be decompressed: ". */
export class UndecodableBody extends Error {
  override readonly name = 'UndecodableBody';
}

/** The body exceeds the request's limit. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** A zlib header is two bytes: compression method 8, and the whole a multiple of 31 (RFC 1950, 2.2). */
function isZlib(body: Buffer): boolean {
  return body.length >= 2 && (body.readUInt8(0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/**
 * @param header the value, or one element per header line
 * @returns the encodings in the order in which they were applied, in lower case; empty if there are none
 */
export function parseEncodings(header: string | readonly string[] | undefined): string[] {
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  return lines
    .flatMap((line) => line.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

/**
 * @param maxBytes limit on the output of each step, so that a small body cannot expand into a large one
 * @throws UndecodableBody, BodyTooLarge
 */
export async function decodeBody(
  body: Buffer,
  encodings: readonly string[],
  maxBytes: number,
): Promise<Buffer> {
  if (encodings.length > MAX_ENCODINGS) throw new UndecodableBody('it is compressed too many times');
  let decoded = body;
  for (const encoding of encodings.toReversed()) {
    const decoder = DECODERS.get(encoding);
    if (decoder === undefined) throw new UndecodableBody('its Content-Encoding is unknown');
    try {
      decoded = await decoder(decoded, { maxOutputLength: maxBytes });
    } catch (error) {
      if (isTooLarge(error)) throw new BodyTooLarge('the body is larger than allowed');
      throw new UndecodableBody(`it is not ${encoding}, as its Content-Encoding says`);
    }
  }
  return decoded;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
