/** Bodies that were compressed on the way (RFC 9110, 8.4). */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import { BodyTooLarge, UndecodableBody } from './failure.ts';

type Decoder = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const decompress = {
  gunzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  inflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate),
  inflateRaw: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw),
  brotli: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
  zstd: promisify<Buffer, { maxOutputLength: number }, Buffer>(zstdDecompress),
};

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ['gzip', decompress.gunzip],
  ['x-gzip', decompress.gunzip],
  // Meant is zlib's format, sent is often the bare stream (RFC 9110, 8.4.1.2).
  ['deflate', (body, options) => (isZlib(body) ? decompress.inflate : decompress.inflateRaw)(body, options)],
  ['br', decompress.brotli],
  ['zstd', decompress.zstd],
]);
/** Who compresses more often than this wants something else. */
const MOST = 3;

/** The two bytes of a header of zlib are a multiple of 31, and the method is 8 (RFC 1950, 2.2). */
function isZlib(body: Buffer): boolean {
  return body.length >= 2 && (body.readUInt8(0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0;
}

/**
 * @param header the value, or one for each line
 * @returns the encodings in the order in which they were applied, lower case; none for what is sent as it is
 */
export function parseEncodings(header: string | readonly string[] | undefined): string[] {
  const lines = typeof header === 'string' ? [header] : (header ?? []);
  return lines
    .flatMap((line) => line.split(','))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

/**
 * @param maxBytes for what comes out, at each step: a small body must not become a large one
 * @throws UndecodableBody, BodyTooLarge
 */
export async function decodeBody(
  body: Buffer,
  encodings: readonly string[],
  maxBytes: number,
): Promise<Buffer> {
  if (encodings.length > MOST) throw new UndecodableBody('it is compressed over and over');
  let decoded = body;
  for (const encoding of encodings.toReversed()) {
    const decoder = DECODERS.get(encoding);
    if (decoder === undefined) throw new UndecodableBody('its Content-Encoding is not known');
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
