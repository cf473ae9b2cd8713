/** The completion script for zsh, to be sourced or stored in a folder of $fpath. Pure. */
import type { CommandSummary, OptionSummary } from './summary.ts';

export function formatZsh(commands: readonly CommandSummary[]): string {
  return `#compdef greenpin
_greenpin() {
  local context state line
  local -A opt_args
  local -a commands
  _arguments -C '(- *)'{-V,--version}'[print the version]' '(- *)'{-h,--help}'[print help]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      commands=(
${commands.map(({ name, description }) => `        ${quote(`${name}:${description}`)}\n`).join('')}      )
      _describe command commands
      ;;
    rest)
      case $words[1] in
${commands.map(formatCommand).join('')}      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _greenpin ]; then _greenpin "$@"; else compdef _greenpin greenpin; fi
`;
}

function formatCommand({ name, options, choices }: CommandSummary): string {
  const specifications = [
    ...options.flatMap(formatOption),
    ...(choices.length > 0 ? [quote(`1: :(${choices.join(' ')})`)] : []),
  ];
  return `        ${name})\n          _arguments ${specifications.join(' \\\n            ')}\n          ;;\n`;
}

function formatOption({ flags, description, value }: OptionSummary): string[] {
  const text = `[${description.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]${formatValue(value)}`;
  return flags.map((flag) => {
    // The value may also follow in the same word: after `=`, or directly after a short option.
    const separator = value === 'none' ? '' : flag.startsWith('--') ? '=' : '+';
    return quote(`(${flags.join(' ')})${flag}${separator}${text}`);
  });
}

function formatValue(value: OptionSummary['value']): string {
  if (value === 'none') return '';
  if (value === 'file') return ':file:_files';
  return typeof value === 'string' ? ':value: ' : `:value:(${value.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
