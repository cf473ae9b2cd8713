/** Reads the help texts of the commands from the program. */
import { PassThrough } from 'node:stream';
import { createProgram } from '../../src/cli/program.ts';
import type { Command } from 'commander';

/** The usual width of a terminal. */
const WIDTH = 80;

/** @returns the help text of each command, by its name */
export function readCommandHelp(): ReadonlyMap<string, string> {
  const context = {
    env: {},
    stdout: Object.assign(new PassThrough(), { columns: WIDTH }),
    stderr: new PassThrough(),
    version: '0.0.0',
    stopSignal: () => new AbortController().signal,
  };
  const program = createProgram(context, () => Promise.resolve());
  return new Map(program.commands.map((command) => [command.name(), readHelp(command)]));
}

function readHelp(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => void (text += part) });
  command.outputHelp();
  return text.trimEnd();
}
