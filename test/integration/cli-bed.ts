/** What a command needs around it: a GitHub, a registry, and a folder with a configuration and its secrets. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCli, type CliProcess, type CliResult } from '../fixtures/cli-process.ts';
import type { FakeRun } from '../fixtures/fake-github-data.ts';
import { createFakeGitHub, type FakeGitHub } from '../fixtures/fake-github.ts';
import { createFakeRegistry, type FakeRegistry } from '../fixtures/fake-registry.ts';
import { imageManifest, LINUX_AMD64 } from './images.ts';

export interface CliBed extends AsyncDisposable {
  readonly github: FakeGitHub;
  readonly registry: FakeRegistry;
  readonly folder: string;
  /** Of the plugin. */
  readonly token: string;
  /** Writes a file into the folder. */
  write(name: string, text: string): void;
  /** Writes a new secret into a file, one that no upstream knows, and sees to it that no output holds it. */
  replaceSecret(name: 'token' | 'github' | 'password'): void;
  /** Writes a docker config.json with the registry's credentials. */
  writeDockerConfig(name: string): void;
  /** Writes greenpin.yaml; sections that are given replace the usual ones. */
  configure(sections?: Readonly<Record<string, unknown>>): void;
  /** CI has built a commit of the branch `feature`: a run, and, unless said otherwise, the images front and back. */
  build(commit: string, run?: Partial<FakeRun>, images?: readonly string[]): Readonly<Record<string, string>>;
  /** @param input what standard input gives */
  start(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): CliProcess;
  run(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Promise<CliResult>;
  /** With the ports of the fakes taken out. */
  stable(text: string): string;
}

export const GIT_REPOSITORY = 'acme/shop';

export interface CliBedOptions {
  /** Everybody may pull from the registry. */
  readonly open?: boolean;
  /** Paths of GitHub's that the token has no permission for. */
  readonly denied?: RegExp;
  /** `server.deadline`; short where something hangs and must be given up soon. */
  readonly deadline?: string;
}

/** @returns a bed; when it is disposed of, it makes sure that the fakes understood all, and that no output held a secret */
export async function createCliBed({
  open = false,
  denied,
  deadline = '25s',
}: CliBedOptions = {}): Promise<CliBed> {
  const secrets = { token: random(), github: random(), password: random() };
  const auth = Buffer.from(`bot:${secrets.password}`).toString('base64');
  const hidden: string[] = [...Object.values(secrets), auth];
  const github = await createFakeGitHub({ token: secrets.github, ...(denied && { denied }) });
  const login = { username: 'bot', password: secrets.password };
  const registry = await createFakeRegistry(open ? {} : { guard: { scheme: 'bearer', login } });
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-cli-'));
  const outputs: Promise<CliResult>[] = [];

  function write(name: string, text: string): void {
    writeFileSync(join(folder, name), text);
  }
  function configure(sections: Readonly<Record<string, unknown>> = {}): void {
    write(
      'greenpin.yaml',
      JSON.stringify({ ...usualSections(github, registry, { open, deadline }), ...sections }),
    );
  }
  function start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input?: string,
  ): CliProcess {
    const started = startCli(args, { cwd: folder, env, ...(input !== undefined && { input }) });
    outputs.push(started.ended);
    return started;
  }

  for (const [name, secret] of Object.entries(secrets)) write(name, `${secret}\n`);
  configure();
  github.addRepository(GIT_REPOSITORY);
  return {
    github,
    registry,
    folder,
    token: secrets.token,
    write,
    replaceSecret(name) {
      const secret = random();
      hidden.push(secret);
      write(name, secret);
    },
    writeDockerConfig: (name) => write(name, JSON.stringify({ auths: { [registry.host]: { auth } } })),
    configure,
    start,
    run: (args, env, input) => start(args, env, input).ended,
    build: (commit, run, images) => build(github, registry, commit, run, images),
    stable: (text) =>
      text.replaceAll(registry.host, 'REGISTRY').replaceAll(new URL(github.url).host, 'GITHUB'),
    async [Symbol.asyncDispose]() {
      await Promise.all([github.close(), registry.close()]);
      const shown = await Promise.all(outputs);
      rmSync(folder, { recursive: true });
      github.verify();
      registry.verify();
      refuseSecrets(shown, [...hidden, ...registry.tokens]);
    },
  };
}

function random(): string {
  return randomBytes(20).toString('hex');
}

function usualSections(
  github: FakeGitHub,
  registry: FakeRegistry,
  { open, deadline }: Required<Pick<CliBedOptions, 'open' | 'deadline'>>,
): Readonly<Record<string, unknown>> {
  const image = (name: string) => `${registry.host}/acme/shop-${name}:sha-{commit:7}`;
  return {
    server: { host: '127.0.0.1', port: 0, tokenFile: 'token', deadline },
    management: { host: '127.0.0.1', port: 0 },
    connections: { github: { kind: 'github', url: github.url, tokenFile: 'github' } },
    ...(!open && { registries: { [registry.host]: { username: 'bot', passwordFile: 'password' } } }),
    projects: {
      shop: { repository: GIT_REPOSITORY, images: { front: image('front'), back: image('back') } },
    },
  };
}

function build(
  github: FakeGitHub,
  registry: FakeRegistry,
  commit: string,
  run: Partial<FakeRun> = {},
  images: readonly string[] = ['front', 'back'],
): Readonly<Record<string, string>> {
  github.addRun(GIT_REPOSITORY, { head_branch: 'feature', head_sha: commit, ...run });
  const push = (name: string) =>
    registry.push(
      `acme/shop-${name}`,
      `sha-${commit.slice(0, 7)}`,
      imageManifest('oci', LINUX_AMD64, { name, commit }),
    );
  return Object.fromEntries(images.map((name) => [name, push(name)]));
}

function refuseSecrets(outputs: readonly CliResult[], secrets: readonly string[]): void {
  for (const { stdout, stderr } of outputs) {
    const leak = secrets.find((secret) => stdout.includes(secret) || stderr.includes(secret));
    if (leak !== undefined) throw new Error(`a secret got out: ${stdout}${stderr}`);
  }
}
