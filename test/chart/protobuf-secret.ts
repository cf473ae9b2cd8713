/** Parses Secrets in protobuf, in which Kubernetes' client sends helm's releases. */

const MAGIC = 'k8s\0';

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
}

/** @returns the object in a request's body, which is JSON or a Secret in protobuf */
export function readBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (body.subarray(0, 4).toString() !== MAGIC) return JSON.parse(body.toString());
  const [, raw] = one(fields(body.subarray(4)), 1, 2);
  return readSecret(raw ?? Buffer.alloc(0));
}

function readSecret(bytes: Buffer): unknown {
  const secret = fields(bytes);
  const [metadata = Buffer.alloc(0), type = ''] = one(secret, 1, 3);
  const [name = '', namespace = ''] = one(fields(metadata), 1, 3);
  const labels = entries(fields(metadata), 11, 'utf8');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: type.toString(),
    metadata: { name: name.toString(), namespace: namespace.toString(), labels },
    data: entries(secret, 2, 'base64'),
  };
}

function one(found: readonly Field[], ...numbers: number[]): (Buffer | undefined)[] {
  return numbers.map((wanted) => found.find(({ number }) => number === wanted)?.bytes);
}

function entries(
  found: readonly Field[],
  wanted: number,
  encoding: 'utf8' | 'base64',
): Record<string, string> {
  const maps = found.filter(({ number }) => number === wanted).map(({ bytes }) => one(fields(bytes), 1, 2));
  return Object.fromEntries(maps.map(([key, value]) => [String(key), value?.toString(encoding) ?? '']));
}

/** Parses the kinds of fields that a Secret has: numbers, and length-prefixed bytes. */
function fields(bytes: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const readNumber = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = readNumber();
    const length = readNumber();
    if (tag % 8 !== 2) continue;
    found.push({ number: Math.floor(tag / 8), bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}
