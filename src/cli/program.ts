/** The command line: parses the arguments, runs one command and returns its exit status. */
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './context.ts';
import { declareCommands, type Run } from './commands.ts';
import { UsageError, writeDiagnostic } from './diagnostics.ts';
import { escapeControl } from '../text/quote.ts';
import { ConfigError } from '../errors.ts';

const FAILED = 1;
const USAGE = 2;

const WIDEST_HELP = 100;

/**
 * Runs one command. Only that command's module is loaded, so help prints at once and `serve` does not load
 * the demo.
 * @param args the arguments after the program's name
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

/** Writes one line per problem. Only an internal error includes a stack trace, inside its line. */
async function explain(error: unknown, { stderr }: CommandContext): Promise<number> {
  // Commander has already written the message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof ConfigError) {
    for (const problem of error.problems) writeDiagnostic(stderr, problem);
    return USAGE;
  }
  // The logger redacts secrets.
  const { createLogger } = await import('../log/logger.ts');
  createLogger('error', stderr).error({ err: error }, 'internal error in Greenpin, please report it');
  return FAILED;
}

export function createProgram(context: CommandContext, run: Run): Command {
  const width = () => Math.min(context.stdout.columns ?? 80, WIDEST_HELP);
  const program = new Command('greenpin')
    .description(
      "Argo CD ApplicationSet plugin for preview environments: finds a branch's newest green CI build and returns the digests of its images.",
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

/** Escapes arguments that Commander repeats in its messages, but keeps the messages' line breaks. */
function makeVisible(text: string): string {
  return text.split('\n').map(escapeControl).join('\n');
}
