/** Generates the tables of the chart's README from values.yaml. */
import { leaves, readSections, type Value } from './values-file.ts';

const START = '<!-- generated: values.yaml -->';
const END = '<!-- end -->';

/** @returns the README with new tables and otherwise unchanged */
export function withValueTables(readme: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start === -1 || end < start) throw new Error(`found no ${START} ... ${END} in the README`);
  return `${readme.slice(0, start + START.length)}\n\n${valueTables()}\n\n${readme.slice(end)}`;
}

function valueTables(): string {
  const sections = readSections().map(({ title, values }) => {
    const rows = leaves(values).map((value) => `| \`${value.path}\` | ${fallback(value)} | ${text(value)} |`);
    return [`### ${title}`, '', '| value | default | |', '| --- | --- | --- |', ...rows].join('\n');
  });
  return sections.join('\n\n');
}

function fallback(value: Value): string {
  if (value.fallback === '') return '';
  const json = JSON.stringify(value.fallback);
  return json.length > 60 ? 'see values.yaml' : `\`${json}\``;
}

function text({ description }: Value): string {
  return description.replaceAll('|', String.raw`\|`);
}
