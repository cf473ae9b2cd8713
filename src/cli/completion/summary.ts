/** The declared commands as completion scripts need them. Pure. */
import type { Command, Option } from 'commander';

export interface CommandSummary {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionSummary[];
  /** The words its argument is chosen from; empty: no suggestions. */
  readonly choices: readonly string[];
}

export interface OptionSummary {
  /** `-c` if there is one, and `--config` */
  readonly flags: readonly string[];
  readonly description: string;
  /** The option's value: none, a file, any text, or one of several words. */
  readonly value: 'none' | 'file' | 'text' | readonly string[];
}

export function summarizeCommands(program: Command): CommandSummary[] {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  return commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(summarizeOption),
    choices: command.name() === 'help' ? names : (command.registeredArguments[0]?.argChoices ?? []),
  }));
}

function summarizeOption({ long, short, description, flags, argChoices }: Option): OptionSummary {
  const value = flags.endsWith('<FILE>') ? 'file' : flags.endsWith('>') ? 'text' : 'none';
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    description,
    value: argChoices ?? value,
  };
}
