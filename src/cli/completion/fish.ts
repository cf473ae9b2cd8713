/** The completion script for fish 3.0 or newer. Pure. */
import type { CommandSummary, OptionSummary } from './summary.ts';

export function formatFish(commands: readonly CommandSummary[]): string {
  return [
    '# fish completion for greenpin',
    'complete -c greenpin -f',
    "complete -c greenpin -n __fish_use_subcommand -s h -l help -d 'print help'",
    "complete -c greenpin -n __fish_use_subcommand -s V -l version -d 'print the version'",
    ...commands.flatMap(formatCommand),
    '',
  ].join('\n');
}

function formatCommand({ name, description, options, choices }: CommandSummary): string[] {
  const inside = `complete -c greenpin -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `complete -c greenpin -n __fish_use_subcommand -a ${name} -d ${quote(description)}`,
    ...options.map((option) => `${inside} ${formatOption(option)}`),
    ...(choices.length > 0 ? [`${inside} -a '${choices.join(' ')}'`] : []),
  ];
}

function formatOption({ flags, description, value }: OptionSummary): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return `${names.join(' ')} -d ${quote(description)}${formatValue(value)}`;
}

/** -r: takes a value; -F: completes files; -x: takes a value and completes no files. */
function formatValue(value: OptionSummary['value']): string {
  if (value === 'none') return '';
  if (value === 'file') return ' -r -F';
  return typeof value === 'string' ? ' -x' : ` -x -a '${value.join(' ')}'`;
}

function quote(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
