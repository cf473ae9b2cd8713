/** Parses a private key, also in the forms that variables, pipelines and one-line secrets leave. Pure. */
import { createPrivateKey, type KeyObject } from 'node:crypto';

/** Other PEM types, recognized by their first line. */
const OTHERS: readonly (readonly [label: RegExp, found: string])[] = [
  [/^ENCRYPTED PRIVATE KEY$/, 'an encrypted private key, which needs a passphrase'],
  [/^OPENSSH PRIVATE KEY$/, "an OpenSSH private key, not the App's"],
  [/PUBLIC KEY$/, 'a public key, not the private one'],
  [/^CERTIFICATE/, 'a certificate, not a private key'],
];

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/;

/**
 * Accepts PEM as it is, in quotes, with `\n` for line ends, on one line, as base64 of the whole, and without
 * its first and last line: all of these are unambiguous.
 * @returns the key, of any type
 * @throws Error that says what was found instead, without quoting the text
 */
export function parsePrivateKey(text: string): KeyObject {
  if (text.includes('\0')) throw new Error('text in UTF-16, expected UTF-8');
  const plain = unwrap(text);
  const armoured = plain.includes('-----BEGIN') ? plain : unwrap(decodeBase64(plain) ?? plain);
  const [, label, body] = PEM.exec(armoured) ?? [];
  const [, other] = OTHERS.find(([pattern]) => pattern.test(label ?? '')) ?? [];
  if (other !== undefined) throw new Error(other);
  try {
    return label === undefined || body === undefined ? parseBare(plain) : parseArmoured(label, body);
  } catch (error) {
    throw new Error('no PEM private key', { cause: error });
  }
}

function parseArmoured(label: string, body: string): KeyObject {
  if (/^Proc-Type:.*ENCRYPTED/m.test(body)) throw new Error('encrypted');
  const lines = body.replaceAll(/\s/g, '').match(/.{1,64}/g) ?? [];
  return createPrivateKey([`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n'));
}

/** GitHub hands out PKCS#1; tools convert it to PKCS#8. */
function parseBare(base64: string): KeyObject {
  const key = Buffer.from(base64, 'base64');
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs1' });
  } catch {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  }
}

function unwrap(text: string): string {
  return text
    .replace(/^\ufeff/, '')
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, '$2')
    .replaceAll(/(?:\\r)?\\n/g, '\n')
    .trim();
}

/** @returns undefined unless it is the base64 of a text that contains PEM */
function decodeBase64(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return decoded.includes('-----BEGIN') ? decoded : undefined;
}
