/** The command line (design §4): runs what was typed, and ends with an exit status. */
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './context.ts';
import { declareCommands, type Run } from './commands.ts';
import { complain } from './diagnostics.ts';
import { escapeControl } from '../text/escape-control.ts';
import { UsageError } from './usage-error.ts';
import { ConfigError } from '../errors.ts';

const FAILED = 1;
const USAGE = 2;

const WIDEST_HELP = 100;

/**
 * Runs one command. Its module is loaded only then: help is printed at once, and `serve` bears nothing of the demo.
 * @param args what follows the program's name
 * @returns the exit status
 */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  let status = 0;
  const run: Run = async (command, work) => {
    try {
      status = await work();
    } catch (error) {
      if (error instanceof UsageError) command.error(`error: ${error.message}`);
      throw error;
    }
  };
  try {
    await createProgram(context, run).parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return explain(error, context);
  }
}

/** One line a problem; a stack trace only of what should not be possible, inside that line. */
async function explain(error: unknown, { stderr }: CommandContext): Promise<number> {
  // Commander has written it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof ConfigError) {
    for (const problem of error.problems) complain(stderr, problem);
    return USAGE;
  }
  // The log leaves secrets out.
  const { createLogger } = await import('../log/logger.ts');
  createLogger('error', stderr).error({ err: error }, 'internal error in Greenpin, please report it');
  return FAILED;
}

function createProgram(context: CommandContext, run: Run): Command {
  const width = () => Math.min(context.stdout.columns ?? 80, WIDEST_HELP);
  const program = new Command('greenpin')
    .description(
      "Argo CD ApplicationSet plugin for preview environments: finds a branch's newest green CI build, and answers with the digests of its images.",
    )
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [COMMAND]', 'print help for a command')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(makeVisible(text.replace(/^error: /, 'greenpin: '))),
      getOutHelpWidth: width,
      getErrHelpWidth: width,
    })
    .showHelpAfterError('Try greenpin --help.')
    .exitOverride();
  declareCommands(program, context, run);
  return program;
}

/** What was typed is repeated in messages; their lines are Commander's. */
function makeVisible(text: string): string {
  return text.split('\n').map(escapeControl).join('\n');
}
