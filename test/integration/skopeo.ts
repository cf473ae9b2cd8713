import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** skopeo is the other client: it shares no code with ours, nor with the registry's. */

const run = promisify(execFile);

/** @throws Error when it is not installed */
export async function skopeoVersion(): Promise<string> {
  return (await run('skopeo', ['--version'])).stdout.trim();
}

/**
 * @param reference `127.0.0.1:5000/acme/shop:tag`
 * @param options more of skopeo's own, for example `--creds`, `user:password`
 * @returns the digest that skopeo states
 */
export async function skopeoDigest(reference: string, ...options: string[]): Promise<string> {
  const output = await inspect(reference, '--no-tags', '--format', '{{.Digest}}', ...options);
  return output.toString().trim();
}

/** @returns SHA-256 of the manifest's bytes as skopeo received them */
export async function skopeoRawDigest(reference: string): Promise<string> {
  return sha256(await inspect(reference, '--raw'));
}

/**
 * `inspect` states the index's digest whatever platform is asked for, so the platform's image is copied.
 *
 * @returns SHA-256 of the manifest that skopeo picks from the index for linux and this architecture
 */
export async function skopeoPlatformDigest(reference: string, architecture: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'greenpin-skopeo-'));
  try {
    const platform = ['--override-os', 'linux', '--override-arch', architecture];
    const copy = ['copy', '--src-tls-verify=false', `docker://${reference}`, `dir:${directory}`];
    await run('skopeo', ['--insecure-policy', ...platform, ...copy]);
    return sha256(await readFile(join(directory, 'manifest.json')));
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function inspect(reference: string, ...options: string[]): Promise<Buffer> {
  const command = ['inspect', '--tls-verify=false', ...options, `docker://${reference}`];
  return (await run('skopeo', command, { encoding: 'buffer' })).stdout;
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
