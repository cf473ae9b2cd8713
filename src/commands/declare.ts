/** The commands, their options and their help (design §4). A command's module is loaded when it runs. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LOG_LEVELS } from '../log-level.ts';
import type { CheckOptions } from './check.ts';
import type { CommandContext } from './context.ts';
import type { DemoOptions } from './demo.ts';
import type { DigestOptions } from './digest.ts';
import type { ResolveOptions } from './resolve.ts';
import type { ServeOptions } from './serve.ts';

/** Runs a command's work; its result is the exit status. */
export type Run = (command: Command, work: () => Promise<number>) => Promise<void>;

export function declareCommands(program: Command, context: CommandContext, run: Run): void {
  addServe(program, context, run);
  addResolve(program, context, run);
  addDigest(program, context, run);
  addCheck(program, context, run);
  addSchema(program, context, run);
  addDemo(program, context, run);
}

/** A command whose usage errors lead to its own help. */
function addCommand(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).showHelpAfterError(`Try greenpin ${name} --help.`);
}

function configOption(
  description = 'configuration file (default: $GREENPIN_CONFIG, else greenpin.yaml)',
): Option {
  return new Option('-c, --config <FILE>', description);
}

function addServe(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(program, 'serve', 'run the plugin until SIGTERM or SIGINT')
    .addOption(configOption())
    .addOption(
      new Option('--log-level <LEVEL>', 'least level that is logged').choices(LOG_LEVELS).default('info'),
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
    'one answer, and why: each build looked at, each image, what decided',
  )
    .addOption(configOption())
    .option('-p, --project <PROJECT>', 'project of the configuration; may be left out when there is only one')
    .addOption(
      new Option('-b, --branch <BRANCH>', 'branch of the pull request')
        .argParser(parseBranch)
        .makeOptionMandatory(),
    )
    .option('--head-sha <SHA>', "the pull request's head commit")
    .option('--number <NUMBER>', "the pull request's number")
    .option('--json', 'print the same as JSON')
    .addHelpText(
      'after',
      `
It asks CI and the registries anew, and remembers nothing: what serve would keep
from before is not seen here.
Exit status: 0 answered, 3 nothing to deploy, 1 failed, 2 usage or
configuration.

Example: greenpin resolve --project shop --branch feature-1 --number 17`,
    )
    .action((options: ResolveOptions) =>
      run(command, async () => (await import('./resolve.ts')).resolve(options, context)),
    );
}

function addDigest(program: Command, context: CommandContext, run: Run): void {
  const command = addCommand(
    program,
    'digest',
    'tag to digest; of several images, one line "IMAGE DIGEST" each',
  )
    .argument('<IMAGE...>', 'image references: ghcr.io/acme/shop:v1')
    .addOption(configOption('configuration file, for its registries and credentials'))
    .addOption(
      new Option(
        '--docker-config <FILE>',
        'credentials from a docker config.json; may be repeated',
      ).argParser(collect),
    )
    .option('--platform <PLATFORM>', "the platform's own manifest inside an index: linux/arm64")
    .addHelpText(
      'after',
      `
It needs no configuration, and is anonymous unless --config or --docker-config
says otherwise.
Exit status: 0 found, 3 absent, 1 failed, 2 no valid reference; of several
images those found are printed, and the worst outcome is the status.

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
    'check the configuration, then probe every CI connection and registry once',
  )
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nExit status: 0 all well (or warnings), 1 a probe failed, 2 usage or\nconfiguration.',
    )
    .action((options: CheckOptions) =>
      run(command, async () => (await import('./check.ts')).check(options, context)),
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
    'the documented example against small servers of its own; no network, no account',
  )
    .addOption(configOption().hideHelp())
    .option('--keep', 'leave it running afterwards, for your own curl')
    .option(
      '--port <PORT>',
      'port of the plugin on 127.0.0.1 (default: any free one; with --keep 4355)',
      parsePort,
    )
    .addHelpText('after', '\nExit status: 0 all came out as it says, 1 it did not, 2 usage.')
    .action((options: DemoOptions) =>
      run(command, async () => (await import('./demo.ts')).demo(options, context)),
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
