/** `greenpin check` for a person. Pure. */
import type { Finding } from './check-findings.ts';
import { printable } from './printable.ts';
import type { Paint } from './style.ts';
import { formatTable, wrap } from './table.ts';

const COLOURS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

/** Of a line, unless one word is longer. */
const WIDTH = 100;
const INDENT = '         ';

/** @returns lines, without a newline at the end: a table, in which what is long has lines of its own, and a summary */
export function formatFindings(findings: readonly Finding[], paint: Paint): string {
  const rows = findings.map(({ level, subject, target }) => [level, printable(subject), printable(target)]);
  const lines = formatTable(rows);
  const body = findings.flatMap((finding, index) => formatFinding(finding, lines[index] ?? '', paint));
  return [...body, '', summarize(findings)].join('\n');
}

/** @param line the finding's columns, aligned with those of the others */
function formatFinding({ level, detail, hint }: Finding, line: string, paint: Paint): string[] {
  const painted = paint(COLOURS[level], level) + line.slice(level.length);
  const visible = printable(detail);
  const fits = line.length + 2 + visible.length <= WIDTH;
  return [
    ...(fits ? [`${painted}  ${visible}`] : [painted.trimEnd(), ...indented(visible)]),
    ...(hint === undefined ? [] : indented(`hint: ${printable(hint)}`).map((text) => paint('dim', text))),
  ];
}

function indented(text: string): string[] {
  return wrap(text, WIDTH - INDENT.length).map((line) => INDENT + line);
}

function summarize(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const warnings = count('warning');
  return `${count('ok')} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${count('failed')} failed`;
}
