/** The commands, their options and their help (design §4). A command's module is loaded when it runs. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LOG_LEVELS } from '../log/log-level.ts';
import type { CheckOptions } from './check/check.ts';
import type { CommandContext } from './context.ts';
import type { DemoOptions } from './demo/demo.ts';
import type { DigestOptions } from './digest.ts';
import type { HealthOptions } from './health.ts';
import type { ResolveOptions } from './resolve/resolve.ts';
import type { ServeOptions } from './serve.ts';

/** Runs a command's work; its result is the exit status. */
export type Run = (command: Command, work: () => Promise<number>) => Promise<void>;

export function declareCommands(program: Command, context: CommandContext, run: Run): void {
  addServe(program, context, run);
  addResolve(program, context, run);
  addDigest(program, context, run);
  addCheck(program, context, run);
  addHealth(program, context, run);
  addSchema(program, context, run);
  addDemo(program, context, run);
}

/** A command whose usage errors lead to its own help. */
function addCommand(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).showHelpAfterError(`Try greenpin ${name} --help.`);
}

function configOption(
  description = 'configuration file (default: $GREENPIN_CONFIG, else greenpin.yaml); - is standard input',
): Option {
  return new Option('-c, --config <FILE>', description);
}

function addServe(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'serve', 'run the plugin, until SIGTERM or SIGINT')
    .addOption(configOption())
    .addOption(
      new Option('--log-level <LEVEL>', 'lowest level that is logged').choices(LOG_LEVELS).default('info'),
    )
    .addHelpText(
      'after',
      `
It logs to stderr, one JSON object a line. When it is told to stop, calls in
flight are answered first.
Exit status: 0 stopped, 2 usage, configuration, or an address that is taken.`,
    )
    .action((options: ServeOptions) =>
      run(command, async () => (await import('./serve.ts')).serve(options, context)),
    );
}

function addResolve(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'resolve',
    'explain what Argo CD would get for a branch: the builds, the images, the reason',
  )
    .addOption(configOption())
    .option('-p, --project <PROJECT>', 'project in the configuration; needed only if there are several')
    .addOption(new Option('-b, --branch <BRANCH>', "the pull request's branch").argParser(parseBranch))
    .option('--head-sha <SHA>', "the pull request's head commit")
    .option('--number <NUMBER>', "the pull request's number")
    .option('--json', 'print the same as JSON')
    .addHelpText(
      'after',
      `
It asks CI and the registries now, and does not look into the store: an answer
that a running serve keeps from before is not seen here.
If CI or a registry fails, greenpin check says what to do about it.
Exit status: 0 answered, 3 nothing to deploy, 1 failed, 2 usage or
configuration.

Example: greenpin resolve --project shop --branch feature-1 --number 17`,
    )
    .action((options: Omit<ResolveOptions, 'branch'> & { readonly branch?: string }) => {
      const { branch } = options;
      // Checked here, and not by commander, which would say so before it says that --brnach is no option.
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
    'print the digest of a tag; for several images, a line "IMAGE DIGEST" each',
  )
    .argument('<IMAGE...>', 'image references: ghcr.io/acme/shop:v1')
    .addOption(configOption('configuration file, for its registries and credentials; - is standard input'))
    .addOption(
      new Option(
        '--docker-config <FILE>',
        'credentials from a docker config.json; may be repeated',
      ).argParser(collect),
    )
    .option('--platform <PLATFORM>', "the platform's own manifest inside an index: linux/arm64")
    .option('--json', 'print all outcomes as JSON')
    .addHelpText(
      'after',
      `
Without --config or --docker-config it uses no credentials.
Exit status: 0 found, 3 not in the registry, 1 failed, 2 no valid reference. Of
several images, those that are found are printed, and the worst counts.

Example: greenpin digest --platform linux/amd64 ghcr.io/acme/shop:v1`,
    )
    .action((images: string[], options: DigestOptions) =>
      run(command, async () => (await import('./digest.ts')).digest(images, options, context)),
    );
}

function addCheck(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'check',
    'check the configuration, then try the store, CI and the registries once',
  )
    .addOption(configOption())
    .option('--json', 'print the same as JSON')
    .addHelpText(
      'after',
      `
What failed or is doubtful comes with a hint what to do. Nothing is changed: the
store's file is not even made, and registries are asked for a tag that nobody
pushes.
Exit status: 0 all well (or warnings), 1 something failed, 2 usage or
configuration.`,
    )
    .action((options: CheckOptions) =>
      run(command, async () => (await import('./check/check.ts')).check(options, context)),
    );
}

function addHealth(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'health', 'ask whether serve lives, by its management address')
    .addOption(configOption())
    .addHelpText(
      'after',
      `
It is what the image's HEALTHCHECK runs. Whether calls can be answered is what
/readyz of the management address says.
Exit status: 0 healthy, 1 not, 2 usage or configuration.`,
    )
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
    'play an example with small servers of its own; no network, no account',
  )
    .addOption(configOption().hideHelp())
    .option('--keep', 'leave it running afterwards, for your own curl')
    .option(
      '--port <PORT>',
      'port of the plugin on 127.0.0.1 (default: any free one; with --keep 4355)',
      parsePort,
    )
    .addHelpText('after', '\nExit status: 0 everything came out as announced, 1 something did not, 2 usage.')
    .action((options: DemoOptions) =>
      run(command, async () => (await import('./demo/demo.ts')).demo(options, context)),
    );
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function parseBranch(text: string): string {
  if (text === '') throw new InvalidArgumentError("Expected a branch's name.");
  return text;
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a number from 0 to 65535.');
}
