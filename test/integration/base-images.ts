/** The images that the Dockerfile begins with: the public ones, or, on machines that can pull nothing, stand-ins of these names. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { getContainerRuntimeClient, ImageName } from 'testcontainers';
import { tryDocker } from './docker.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURE = join(ROOT, 'test/fixtures/base-image');
const RECIPE = ['assemble.sh', 'build.dockerfile', 'runtime.dockerfile', 'npm.version'];
/** On a stand-in: what it was made of. */
const LABEL = 'greenpin.test.stand-in';
/** A network that swallows packets must not hold the tests up. */
const PULL_TIMEOUT_MS = 120_000;

/** @returns whether each is the public one, by name */
export async function provideBaseImages(): Promise<ReadonlyMap<string, 'public' | 'stand-in'>> {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
  const names = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, name = '']) => name);
  const provided = new Map<string, 'public' | 'stand-in'>();
  for (const name of new Set(names)) provided.set(name, await provide(name));
  return provided;
}

async function provide(name: string): Promise<'public' | 'stand-in'> {
  const recipe = await hashRecipe();
  const format = `{{with .Config.Labels}}{{index . "${LABEL}"}}{{end}}`;
  const found = await tryDocker('image', 'inspect', '--format', format, name);
  const label = found.stdout.trim();
  if (found.status === 0 && label === '') return 'public';
  if (label === recipe) return 'stand-in';
  if (await pull(name)) return 'public';
  await assemble(name, recipe);
  return 'stand-in';
}

async function pull(name: string): Promise<boolean> {
  return run('docker', ['pull', '--quiet', name], { timeout: PULL_TIMEOUT_MS }).then(
    () => true,
    () => false,
  );
}

async function hashRecipe(): Promise<string> {
  const hash = createHash('sha256').update(process.version).update(process.arch);
  for (const file of RECIPE) hash.update(await readFile(join(FIXTURE, file)));
  for (const key of ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy']) {
    const { stdout } = await run('npm', ['config', 'get', key], { cwd: ROOT });
    hash.update(`${key}=${stdout}`);
  }
  return hash.digest('hex');
}

async function assemble(name: string, recipe: string): Promise<void> {
  const kind = name.includes('distroless') ? 'runtime' : 'build';
  const context = await mkdtemp(join(tmpdir(), 'greenpin-base-image-'));
  try {
    await run('sh', [join(FIXTURE, 'assemble.sh'), kind, context, process.execPath], { cwd: ROOT });
    await buildImage(context, name, { labels: { [LABEL]: recipe } });
  } finally {
    await rm(context, { recursive: true });
  }
}

/**
 * Builds by BuildKit, over the engine's API: its command line needs a plugin for that, which Debian's does not have.
 * @param name a new one, or one whose image is to be replaced
 */
export async function buildImage(
  context: string,
  name: string,
  options: { readonly labels?: Record<string, string>; readonly buildargs?: Record<string, string> },
): Promise<void> {
  const { image } = await getContainerRuntimeClient();
  await tryDocker('image', 'rm', '--no-prune', name);
  await image.build(context, { t: name, dockerfile: 'Dockerfile', version: '2', ...options });
  // A build that failed half way ends its stream like one that succeeded; the image tells which it was.
  const built = await image.inspect(ImageName.fromString(name)).catch(() => undefined);
  if (built === undefined) throw new Error(`${name} was not built; docker build ${context} says why`);
}
