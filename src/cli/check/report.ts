/** The findings of `greenpin check`, as text for people and as documented JSON. Pure. */
import type { Config } from '../../config/config.ts';
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
  const rows = findings.map(({ level, subject, target }) => [level, subject, target].map(escapeControl));
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
  const hints = hint === undefined ? [] : indent(`hint: ${escapeControl(hint)}`, width);
  return [
    ...(fits
      ? [`${colored}  ${detail}`]
      : [...formatHead(finding, colored, line, width), ...indent(detail, width)]),
    ...hints.map((text) => color('dim', text)),
  ];
}

/** On a narrow terminal, moves the target to its own line. */
function formatHead({ target }: Finding, colored: string, line: string, width: number): string[] {
  const shown = escapeControl(target);
  if (textWidth(line.trimEnd()) <= width || shown === '') return [colored.trimEnd()];
  return [colored.trimEnd().slice(0, -shown.length).trimEnd(), INDENT + shown];
}

function indent(text: string, width: number): string[] {
  return wrap(text, width - INDENT.length).map((line) => INDENT + line);
}

function summarize(findings: readonly Finding[]): string {
  const warnings = count(findings, 'warning');
  const noun = warnings === 1 ? 'warning' : 'warnings';
  return `${count(findings, 'ok')} ok, ${warnings} ${noun}, ${count(findings, 'failed')} failed`;
}

function count(findings: readonly Finding[], level: Finding['level']): number {
  return findings.filter((finding) => finding.level === level).length;
}

/** The documented shape of `greenpin check --json`; stable. */
interface CheckReport {
  /** The configuration file. */
  readonly config: string;
  readonly projects: readonly string[];
  readonly findings: readonly (Required<Omit<Finding, 'hint'>> & { readonly hint: string | null })[];
  readonly ok: number;
  readonly warnings: number;
  readonly failed: number;
}

export function createCheckReport({ file, projects }: Config, findings: readonly Finding[]): CheckReport {
  return {
    config: file,
    projects: [...projects.keys()],
    findings: findings.map(({ level, subject, target, detail, hint = null }) => ({
      level,
      subject,
      target,
      detail,
      hint,
    })),
    ok: count(findings, 'ok'),
    warnings: count(findings, 'warning'),
    failed: count(findings, 'failed'),
  };
}
