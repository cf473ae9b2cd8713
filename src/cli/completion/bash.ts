/** The completion script for bash 3.2 (macOS) or newer. Pure. */
import type { CommandSummary, OptionSummary } from './summary.ts';

/** If the function suggests nothing, bash completes file names (`-o default`). */
export function formatBash(commands: readonly CommandSummary[]): string {
  return `# bash completion for greenpin
_greenpin() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words=
  # Bash splits --option=value at the equals sign.
  [ "$current" = = ] && current=
  [ "$previous" = = ] && previous=\${COMP_WORDS[COMP_CWORD - 2]}
  case "$COMP_CWORD \${COMP_WORDS[1]} $previous" in
    '1 '*) words='${commands.map(({ name }) => name).join(' ')} --help --version' ;;
${formatCase(commands, 'file', 'return')}
    # Bash 3.2 has no compopt and suggests files here, too.
${formatCase(commands, 'text', 'compopt +o default 2>/dev/null; return')}
${commands.flatMap(formatChoices).join('')}${commands.map(formatWords).join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _greenpin greenpin
`;
}

function formatCase(
  commands: readonly CommandSummary[],
  value: OptionSummary['value'],
  action: string,
): string {
  const patterns = commands.flatMap(({ name, options }) =>
    options.filter((option) => option.value === value).flatMap(({ flags }) => matchAfter(name, flags)),
  );
  return `    ${patterns.join(' | ')}) ${action} ;;`;
}

/** @returns patterns for the word after an option of a command */
function matchAfter(name: string, flags: readonly string[]): string[] {
  return flags.map((flag) => `*' ${name} ${flag}'`);
}

function formatChoices({ name, options }: CommandSummary): string[] {
  return options.flatMap(({ flags, value }) =>
    typeof value === 'string'
      ? []
      : [`    ${matchAfter(name, flags).join(' | ')}) words='${value.join(' ')}' ;;\n`],
  );
}

function formatWords({ name, options, choices }: CommandSummary): string {
  const words = [...choices, ...options.flatMap(({ flags }) => flags.slice(-1))];
  return `    *' ${name} '*) words='${words.join(' ')}' ;;\n`;
}
