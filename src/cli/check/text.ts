/** `greenpin check` for a person. Pure. */
import type { Finding } from './findings.ts';
import { escapeControl } from '../../text/escape-control.ts';
import type { Paint } from '../terminal/color.ts';
import { formatTable, USUAL_WIDTH, wrap } from '../terminal/table.ts';
import { textWidth } from '../terminal/text-width.ts';

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

const INDENT = '         ';

/**
 * @param width of a line in columns, unless one word is wider
 * @returns lines, without a newline at the end: a table, in which what is long has lines of its own, and a summary
 */
export function formatFindings(findings: readonly Finding[], paint: Paint, width = USUAL_WIDTH): string {
  const rows = findings.map(({ level, subject, target }) => [
    level,
    escapeControl(subject),
    escapeControl(target),
  ]);
  const lines = formatTable(rows);
  const body = findings.flatMap((finding, index) => formatFinding(finding, lines[index] ?? '', paint, width));
  return [...body, '', summarize(findings)].join('\n');
}

/** @param line the finding's columns, aligned with those of the others */
function formatFinding(finding: Finding, line: string, paint: Paint, width: number): string[] {
  const { level, hint } = finding;
  const detail = escapeControl(finding.detail);
  const painted = paint(COLOURS[level], level) + line.slice(level.length);
  const fits = textWidth(line) + 2 + textWidth(detail) <= width;
  return [
    ...(fits ? [`${painted}  ${detail}`] : formatHead(finding, painted, line, width)),
    ...(fits ? [] : indented(detail, width)),
    ...(hint === undefined
      ? []
      : indented(`hint: ${escapeControl(hint)}`, width).map((text) => paint('dim', text))),
  ];
}

/** On a narrow terminal the target goes below what it is the target of. */
function formatHead({ target }: Finding, painted: string, line: string, width: number): string[] {
  const shown = escapeControl(target);
  if (textWidth(line.trimEnd()) <= width || shown === '') return [painted.trimEnd()];
  return [painted.trimEnd().slice(0, -shown.length).trimEnd(), INDENT + shown];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - INDENT.length).map((line) => INDENT + line);
}

function summarize(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const warnings = count('warning');
  return `${count('ok')} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${count('failed')} failed`;
}
