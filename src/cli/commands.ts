/** The commands with their options and help. A command's module is loaded when it runs. */
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { LOG_LEVELS } from '../log/log-level.ts';
import type { CheckOptions } from './check/check.ts';
import type { Shell } from './completion/completion.ts';
import type { CommandContext } from './context.ts';
import type { DemoOptions } from './demo/demo.ts';
import type { FakeCiKind } from './demo/fake-ci.ts';
import type { DigestOptions } from './digest.ts';
import type { HealthOptions } from './health.ts';
import type { ResolveOptions } from './resolve/resolve.ts';
import type { ServeOptions } from './serve.ts';

/** Runs a command's work, which returns the exit status. */
export type Run = (command: Command, work: () => Promise<number>) => Promise<void>;

/** Help text that follows a command's options. */
const HELP = {
  serve: `
Logs one JSON object per line to stderr. On SIGTERM or SIGINT it answers the
calls in flight, then exits.

Exit status: 0 stopped, 2 invalid usage or configuration, or an address that is
already in use.`,
  resolve: `
Queries CI and the registries but not the store, so it never shows an earlier
answer that a running serve still returns. If CI or a registry fails, run
greenpin check for advice.

Exit status: 0 answered, 3 nothing to deploy, 1 failed, 2 invalid usage or
configuration.

Example: greenpin resolve --project shop --branch feature-1 --number 17`,
  digest: `
Uses no credentials unless --config or --docker-config provides them.

Exit status: 0 found, 3 not in the registry, 1 failed, 2 invalid reference. For
several images, the digests found are printed and the worst outcome determines
the status.

Example: greenpin digest --platform linux/amd64 ghcr.io/acme/shop:v1`,
  check: `
Prints a hint for every failure and warning. It changes nothing: it does not
create the store's file, and it queries registries for a tag that nobody pushes.

Exit status: 0 all passed (warnings allowed), 1 something failed, 2 invalid
usage or configuration.`,
  health: `
This is the image's HEALTHCHECK. For readiness, query /readyz on the management
address instead.

Exit status: 0 healthy, 1 unhealthy, 2 invalid usage or configuration.`,
  schema: '',
  demo: `
Exit status: 0 every step went as announced, 1 a step did not, 2 invalid usage.`,
  completion: `
To load it in the current shell, or from its start-up file:
  bash  source <(greenpin completion bash)
  zsh   source <(greenpin completion zsh)
  fish  greenpin completion fish | source`,
};

export function declareCommands(program: Command, context: CommandContext, run: Run): void {
  const all = [addServe, addResolve, addDigest, addCheck, addHealth, addSchema, addDemo, addCompletion];
  for (const add of all) add(program, context, run);
}

/** A command whose usage errors point to its own help. */
function addCommand(program: Command, name: keyof typeof HELP, description: string): Command {
  return program
    .command(name)
    .description(description)
    .addHelpText('after', HELP[name])
    .showHelpAfterError(`Try greenpin ${name} --help.`);
}

function configOption(
  description = 'configuration file, or - for standard input (default: $GREENPIN_CONFIG, else greenpin.yaml)',
): Option {
  return new Option('-c, --config <FILE>', description);
}

function addServe(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'serve', 'run the plugin until SIGTERM or SIGINT')
    .addOption(configOption())
    .addOption(new Option('--log-level <LEVEL>', 'lowest level to log').choices(LOG_LEVELS).default('info'))
    .action((options: ServeOptions) =>
      run(command, async () => (await import('./serve.ts')).serve(options, context)),
    );
}

function addResolve(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'resolve',
    'explain what Argo CD would get for a branch: builds, images and the reason',
  )
    .addOption(configOption())
    .option('-p, --project <PROJECT>', 'project in the configuration; optional if there is only one')
    .addOption(new Option('-b, --branch <BRANCH>', 'branch of the pull request').argParser(parseBranch))
    .option('--head-sha <SHA>', 'head commit of the pull request')
    .option('--number <NUMBER>', 'number of the pull request')
    .option('--target-branch <BRANCH>', 'branch that the pull request is to be merged into')
    .option('--json', 'print JSON')
    .action((options: Omit<ResolveOptions, 'branch'> & { readonly branch?: string }) => {
      const { branch } = options;
      // Commander would report a missing --branch before the unknown option --brnach.
      if (branch === undefined)
        return command.error("error: required option '-b, --branch <BRANCH>' not specified");
      return run(command, async () =>
        (await import('./resolve/resolve.ts')).resolve({ ...options, branch }, context),
      );
    });
}

function addDigest(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'digest',
    'print the digest of an image, or "IMAGE DIGEST" lines for several images',
  )
    .argument('<IMAGE...>', 'image references, for example ghcr.io/acme/shop:v1')
    .addOption(configOption('configuration file with registries and credentials, or - for standard input'))
    .addOption(
      new Option('--docker-config <FILE>', 'docker config.json with credentials; repeatable').argParser(
        collect,
      ),
    )
    .option('--platform <PLATFORM>', 'platform whose manifest to take from an index, for example linux/arm64')
    .option('--json', 'print JSON')
    .action((images: string[], options: DigestOptions) =>
      run(command, async () => (await import('./digest.ts')).digest(images, options, context)),
    );
}

function addCheck(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'check',
    'validate the configuration, then test the store, CI and the registries',
  )
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((options: CheckOptions) =>
      run(command, async () => (await import('./check/check.ts')).check(options, context)),
    );
}

function addHealth(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'health', 'test whether serve is alive, through its management address')
    .addOption(configOption())
    .action((options: HealthOptions) =>
      run(command, async () => (await import('./health.ts')).health(options, context)),
    );
}

function addSchema(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'schema', 'print the JSON Schema of the configuration file')
    .addOption(configOption().hideHelp())
    .action(() => run(command, async () => (await import('./schema.ts')).schema(context)));
}

function addDemo(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'demo',
    'run a self-contained demo on loopback; needs no network and no account',
  )
    .addOption(configOption().hideHelp())
    .addOption(
      new Option('--ci <KIND>', 'CI system to play')
        .choices(['github', 'gitlab'] satisfies FakeCiKind[])
        .default('github'),
    )
    .option('--keep', 'keep it running afterwards, to try curl yourself')
    .option(
      '--port <PORT>',
      'port of the plugin on 127.0.0.1 (default: any free port; with --keep: 4355)',
      parsePort,
    )
    .action((options: DemoOptions) =>
      run(command, async () => (await import('./demo/demo.ts')).demo(options, context)),
    );
}

function addCompletion(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'completion', 'print a shell completion script')
    .addArgument(
      new Argument('<SHELL>', 'shell to complete in').choices(['bash', 'zsh', 'fish'] satisfies Shell[]),
    )
    .action((shell: Shell) =>
      run(command, async () =>
        (await import('./completion/completion.ts')).completion(shell, program, context),
      ),
    );
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function parseBranch(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected the name of a branch.');
  return text;
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a number from 0 to 65535.');
}
