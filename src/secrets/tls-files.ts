/** Reads CA certificates and client certificates from PEM files, again when they change. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { formatPath, type DocumentPath } from '../text/document-path.ts';
import { quote } from '../text/quote.ts';
import { createReloader, type ReloadDeps } from './reload.ts';

/** Paths of PEM files for TLS with one host. */
export interface TlsFiles {
  /** Their place in the configuration: `['registries', 'ghcr.io']`. */
  readonly path: DocumentPath;
  /** CA certificates that are trusted in addition to the default ones. */
  readonly caFile?: string | undefined;
  readonly client?: { readonly certFile: string; readonly keyFile: string } | undefined;
}

/** The content of the files, in PEM. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
}

/** Each problem is one line: the key, what was found in which file, and what is expected. */
export type TlsReading =
  | { readonly kind: 'read'; readonly material: TlsMaterial }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

/**
 * @param entry satisfies the schema: it has both `certFile` and `keyFile`, or neither
 * @param locate resolves a path of the configuration file
 * @returns undefined if the entry names no files
 */
export function createTlsFiles(
  path: DocumentPath,
  { caFile, certFile, keyFile }: { readonly [Key in 'caFile' | 'certFile' | 'keyFile']?: string | undefined },
  locate: (path: string) => string,
): TlsFiles | undefined {
  const client =
    certFile === undefined || keyFile === undefined
      ? undefined
      : { certFile: locate(certFile), keyFile: locate(keyFile) };
  if (caFile === undefined && client === undefined) return undefined;
  return { path, caFile: caFile === undefined ? undefined : locate(caFile), client };
}

/**
 * @returns the same object until a file changes
 * @throws Error with all problems in one line, if the files were never usable
 */
export type TlsReader = () => TlsMaterial;

export function createTlsReader(files: TlsFiles, deps: ReloadDeps): TlsReader {
  const paths = [files.caFile, files.client?.certFile, files.client?.keyFile].filter(
    (path) => path !== undefined,
  );
  const load = (): TlsMaterial => {
    const reading = readTlsFiles(files, (file) => readFileSync(file, 'utf8'));
    if (reading.kind === 'unusable') throw new Error(reading.problems.join('; '));
    return reading.material;
  };
  return createReloader(paths, load, deps);
}

/** @param readFile throws as `node:fs` does */
export function readTlsFiles(
  { path, caFile, client }: TlsFiles,
  readFile: (file: string) => string,
): TlsReading {
  const problems: string[] = [];

  /** @returns undefined if there was a problem */
  function read<Content>(key: string, file: string, parse: (text: string) => Content): Content | undefined {
    try {
      return parse(readText(file, readFile));
    } catch (error) {
      const found = error instanceof UnusablePem ? error.message : 'a file that cannot be parsed';
      problems.push(
        `${formatPath([...path, key])}: found ${found} at ${quote(file)}, expected ${EXPECTED[key]}`,
      );
      return undefined;
    }
  }

  const ca = caFile === undefined ? undefined : read('caFile', caFile, parseCertificates);
  const cert = client && read('certFile', client.certFile, parseCertificates);
  const key = client && read('keyFile', client.keyFile, (text) => parseKey(text, cert));
  if (problems.length > 0) return { kind: 'unusable', problems };
  const pair = cert !== undefined && key !== undefined ? { cert: cert.join('\n'), key } : undefined;
  return { kind: 'read', material: { ca: ca?.join('\n'), client: pair } };
}

const EXPECTED: Readonly<Record<string, string>> = {
  caFile: 'certificates in PEM',
  certFile: 'a certificate in PEM, with its chain after it',
  keyFile: "the private key of certFile's certificate in PEM, without a passphrase",
};

/** The message completes "found ..." and reveals nothing of the content. */
class UnusablePem extends Error {
  override readonly name = 'UnusablePem';
}

function readText(file: string, readFile: (file: string) => string): string {
  try {
    return readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new UnusablePem(missing ? 'nothing' : `an unreadable file (${code})`, { cause: error });
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @returns at least one certificate; text between certificates, which is common in bundles, is ignored */
function parseCertificates(text: string): [string, ...string[]] {
  const [first, ...others] = text.match(CERTIFICATE) ?? [];
  const begun = text.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (begun === 0) throw new UnusablePem('no certificate');
  if (first === undefined || begun > others.length + 1) throw new UnusablePem('a damaged certificate');
  for (const certificate of [first, ...others]) parseCertificate(certificate);
  return [first, ...others];
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new UnusablePem('a damaged certificate', { cause: error });
  }
}

/** @param chain the client certificate with its chain; undefined if it is unusable */
function parseKey(text: string, chain: readonly string[] | undefined): string {
  if (/ENCRYPTED/.test(text)) throw new UnusablePem('an encrypted private key');
  let key;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw new UnusablePem('no private key', { cause: error });
  }
  if (chain?.[0] === undefined) return text;
  if (!parseCertificate(chain[0]).checkPrivateKey(key)) {
    throw new UnusablePem('the key of another certificate');
  }
  rejectWeakCertificates(chain, text);
  return text;
}

/** OpenSSL rejects short keys and old signatures only when it is to use them. */
function rejectWeakCertificates(chain: readonly string[], key: string): void {
  try {
    createSecureContext({ cert: chain.join('\n'), key });
  } catch (error) {
    throw new UnusablePem('the key of a certificate that TLS rejects as too weak', { cause: error });
  }
}
