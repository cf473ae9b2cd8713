/** Generates the table of the metrics reference from the exposed metrics. */
import { createMetrics } from '../../src/metrics.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** @returns a Markdown table of Greenpin's own metrics, in alphabetical order */
export async function describeMetrics(): Promise<string> {
  const metrics = parseExposition(await exposeEverything());
  const rows = metrics
    .filter(({ name }) => name.startsWith('greenpin_'))
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map(({ name, help, type, labels }) => {
      const names = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll('|', String.raw`\|`)} |`;
    });
  return ['| name | type | labels | description |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Labels are exposed only with a first sample, so this records one for each metric. */
async function exposeEverything(): Promise<string> {
  const metrics = createMetrics('0');
  metrics.callFinished('fresh', 0, 'fresh', 0);
  metrics.requested('ghcr.io', 200);
  metrics.skipped?.('github', 1, '');
  metrics.quota('github', 1, 1, 0);
  metrics.freshFor('github', () => 0);
  return metrics.expose();
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function parseExposition(text: string): Metric[] {
  return text.split('\n\n').flatMap((part) => {
    const [, name = '', help = ''] = /^# HELP (\S+) (.*)$/m.exec(part) ?? [];
    const type = /^# TYPE \S+ (\w+)$/m.exec(part)?.[1] ?? '';
    const labels = [...part.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label);
    const own = [...new Set(labels)].filter((label) => label !== 'le');
    return name === '' ? [] : [{ name, help, type, labels: own }];
  });
}
