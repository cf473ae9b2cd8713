/** Generates the table of alerts from the chart's rules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './pages.ts';

interface Alert {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

/** @returns a Markdown table of the alerts, in the chart's order */
export function describeAlerts(): string {
  const text = readFileSync(join(ROOT, 'charts/greenpin/files/alerts.yaml'), 'utf8');
  const rows = (parse(text) as readonly Alert[]).map(
    ({ alert, labels, annotations }) =>
      `| \`${alert}\` | ${labels.severity} | ${describeSummary(annotations.summary)} |`,
  );
  return ['| alert | severity | summary |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Replaces Prometheus' templates: a label's value by its name, a number by N. */
function describeSummary(summary: string): string {
  return summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '`$1`').replaceAll(/\{\{ \$value[^}]*\}\}/g, 'N');
}
