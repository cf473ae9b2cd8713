import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parsePrivateKey } from '../../../../src/ci/github/private-key.ts';

function createKey(type: 'pkcs1' | 'pkcs8', more: object = {}) {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type, format: 'pem', ...more },
  });
}

const { privateKey: PEM, publicKey } = createKey('pkcs1');
const { privateKey: PKCS8 } = createKey('pkcs8');
const { privateKey: ENCRYPTED } = createKey('pkcs8', { cipher: 'aes-256-cbc', passphrase: 'hunter2' });

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function bodyOf(pem: string): string {
  return pem.replaceAll(/-----[A-Z ]+-----/g, '').trim();
}

describe.each([
  ['PKCS#1', PEM],
  ['PKCS#8', PKCS8],
])('a private key in %s', (_, pem) => {
  it.each([
    ['as it is', pem],
    ['with Windows line ends and a byte order mark', `\ufeff${pem.replaceAll('\n', '\r\n')}`],
    ['indented, as in a YAML block', pem.replaceAll(/^/gm, '  ')],
    ['with line ends written \\n', pem.replaceAll('\n', '\\n')],
    ['with line ends written \\r\\n', pem.replaceAll('\n', '\\r\\n')],
    ['in quotes, with line ends written \\n', `"${pem.replaceAll('\n', '\\n')}"\n`],
    ['in single quotes', `'${pem}'`],
    ['on one line', pem.replaceAll('\n', ' ')],
    ['on one line without blanks', pem.replaceAll('\n', '')],
    ['in base64', base64(pem)],
    ['in base64 of many lines', base64(pem).replaceAll(/.{76}/g, '$&\n')],
    ['in base64 of its quoted form', base64(`"${pem.replaceAll('\n', '\\n')}"`)],
    ['without its first and last line', bodyOf(pem)],
    ['after the text that openssl writes before it', `Private-Key: (2048 bit)\n${pem}`],
  ])('is read %s', (_form, text) => {
    expect(parsePrivateKey(text).equals(parsePrivateKey(pem))).toBe(true);
  });
});

it.each([
  ['an encrypted private key, which needs a passphrase', ENCRYPTED],
  ['a public key, not the private one', publicKey],
  ['a certificate, not a private key', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
  [
    "an OpenSSH private key, not the App's",
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n',
  ],
  ['text in UTF-16, expected UTF-8', Buffer.from(PEM, 'utf16le').toString('utf8')],
  ['no PEM private key', 'ghp_hunter2'],
  ['no PEM private key', PEM.slice(0, 600)],
  ['no PEM private key', PEM.replace('MII', 'XXX')],
  ['no PEM private key', ''],
])('%s is told, and nothing of it', (message, text) => {
  expect(() => parsePrivateKey(text)).toThrow(new Error(message));
});
