/** The command line (design §4): what can be typed, and which exit status it ends with. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { check } from './commands/check.ts';
import type { CommandContext } from './commands/context.ts';
import { demo } from './commands/demo.ts';
import { digest } from './commands/digest.ts';
import { resolve } from './commands/resolve.ts';
import { schema } from './commands/schema.ts';
import { serve } from './commands/serve.ts';
import { ApiError, ConfigError, UpstreamError } from './errors.ts';
import { LOG_LEVELS } from './logger.ts';

/** Exit statuses; each command says in its own help what they mean for it. */
const USAGE = 2;
const FAILED = 1;

/**
 * Runs one command.
 * @param args what follows the program's name
 * @returns the exit status
 */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  let status = 0;
  const program = createProgram(context, (ended) => {
    status = ended;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return explain(error, context);
  }
}

/** One line a problem, never a stack trace. */
function explain(error: unknown, { stderr }: CommandContext): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof ConfigError) {
    for (const problem of error.problems) stderr.write(`greenpin: ${problem}\n`);
    return USAGE;
  }
  if (error instanceof ApiError || error instanceof UpstreamError) {
    stderr.write(`greenpin: ${error.message}\n`);
    return error instanceof ApiError && error.code === 'invalid_request' ? USAGE : FAILED;
  }
  throw error;
}

type End = (status: number) => void;

function createProgram(context: CommandContext, end: End): Command {
  const program = new Command('greenpin')
    .description(
      "Argo CD ApplicationSet plugin: pins a branch's newest green CI build to the image digests that it pushed.",
    )
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print help for a command')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text.replace(/^error: /, 'greenpin: ')),
    })
    .showHelpAfterError('Try greenpin --help.')
    .exitOverride();
  addServe(program, context, end);
  addResolve(program, context, end);
  addDigest(program, context, end);
  addCheck(program, context, end);
  addSchema(program, context, end);
  addDemo(program, context, end);
  return program;
}

function configOption(
  description = 'configuration file (default: $GREENPIN_CONFIG, else greenpin.yaml)',
): Option {
  return new Option('-c, --config <FILE>', description);
}

function addServe(program: Command, context: CommandContext, end: End): void {
  program
    .command('serve')
    .description('run the plugin until SIGTERM or SIGINT')
    .addOption(configOption())
    .addOption(
      new Option('--log-level <LEVEL>', 'least level that is logged').choices(LOG_LEVELS).default('info'),
    )
    .action(async (options) => end(await serve(options, context)));
}

function addResolve(program: Command, context: CommandContext, end: End): void {
  program
    .command('resolve')
    .description('one answer, and why: each build looked at, each image, what decided')
    .addOption(configOption())
    .option('-p, --project <PROJECT>', 'project of the configuration; may be left out when there is only one')
    .requiredOption('-b, --branch <BRANCH>', 'branch of the pull request')
    .option('--head-sha <SHA>', "the pull request's head commit")
    .option('--number <NUMBER>', "the pull request's number")
    .option('--json', 'print the same as JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 answered, 3 nothing to deploy, 1 failed, 2 usage or configuration.',
    )
    .action(async (options) => end(await resolve(options, context)));
}

function addDigest(program: Command, context: CommandContext, end: End): void {
  program
    .command('digest')
    .description('tag to digest; of several images, one line "IMAGE DIGEST" each')
    .argument('<IMAGE...>', 'image references: ghcr.io/acme/shop:v1')
    .addOption(configOption('configuration file, for its registries and credentials'))
    .addOption(
      new Option('--docker-config <FILE>', 'credentials from a docker config.json; may be repeated')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--platform <PLATFORM>', "the platform's own manifest inside an index: linux/arm64")
    .addHelpText(
      'after',
      '\nNeeds no configuration file; anonymous unless --config or --docker-config says otherwise.' +
        '\nExit status: 0 found, 3 absent, 1 failed, 2 no valid reference; of several images the worst.',
    )
    .action(async (images, options) => end(await digest(images, options, context)));
}

function addCheck(program: Command, context: CommandContext, end: End): void {
  program
    .command('check')
    .description('check the configuration, then probe every CI connection and registry once')
    .addOption(configOption())
    .addHelpText('after', '\nExit status: 0 all well, 1 a probe failed, 2 usage or configuration.')
    .action(async (options) => end(await check(options, context)));
}

function addSchema(program: Command, context: CommandContext, end: End): void {
  program
    .command('schema')
    .description('print the JSON Schema of the configuration file')
    .addOption(configOption().hideHelp())
    .action(() => end(schema(context)));
}

function addDemo(program: Command, context: CommandContext, end: End): void {
  program
    .command('demo')
    .description('the documented example against small servers of its own; no network, no account')
    .addOption(configOption().hideHelp())
    .option('--keep', 'leave it running afterwards, for your own curl')
    .option('--port <PORT>', 'port of the plugin on 127.0.0.1 (default: any, with --keep 4355)', parsePort)
    .action(async (options) => end(await demo(options, context)));
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

function parsePort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('Expected a number from 0 to 65535.');
}
