/** `greenpin check` as text. Pure. */
import type { Finding } from './findings.ts';
import { escapeControl } from '../../text/quote.ts';
import type { Colors } from '../terminal/colors.ts';
import { formatTable, DEFAULT_WIDTH, wrap } from '../terminal/table.ts';
import { textWidth } from '../terminal/text-width.ts';

const LEVEL_COLORS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

const INDENT = '         ';

/**
 * @param width maximum line width in columns; longer words are not broken
 * @returns lines without a final newline: a table, in which long details get their own lines, and a summary
 */
export function formatFindings(findings: readonly Finding[], color: Colors, width = DEFAULT_WIDTH): string {
  const rows = findings.map(({ level, subject, target }) => [
    level,
    escapeControl(subject),
    escapeControl(target),
  ]);
  const lines = formatTable(rows);
  const body = findings.flatMap((finding, index) => formatFinding(finding, lines[index] ?? '', color, width));
  return [...body, '', summarize(findings)].join('\n');
}

/** @param line the finding's columns, aligned with the other findings */
function formatFinding(finding: Finding, line: string, color: Colors, width: number): string[] {
  const { level, hint } = finding;
  const detail = escapeControl(finding.detail);
  const colored = color(LEVEL_COLORS[level], level) + line.slice(level.length);
  const fits = textWidth(line) + 2 + textWidth(detail) <= width;
  return [
    ...(fits ? [`${colored}  ${detail}`] : formatHead(finding, colored, line, width)),
    ...(fits ? [] : indented(detail, width)),
    ...(hint === undefined
      ? []
      : indented(`hint: ${escapeControl(hint)}`, width).map((text) => color('dim', text))),
  ];
}

/** On a narrow terminal, moves the target to its own line. */
function formatHead({ target }: Finding, colored: string, line: string, width: number): string[] {
  const shown = escapeControl(target);
  if (textWidth(line.trimEnd()) <= width || shown === '') return [colored.trimEnd()];
  return [colored.trimEnd().slice(0, -shown.length).trimEnd(), INDENT + shown];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - INDENT.length).map((line) => INDENT + line);
}

function summarize(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const warnings = count('warning');
  return `${count('ok')} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${count('failed')} failed`;
}
