/** `npm run docs`: writes the parts of the documentation that are generated from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describeAlerts } from './alerts.ts';
import { readCommandHelp } from './cli.ts';
import { describeConfiguration } from './configuration.ts';
import { createExample } from './example.ts';
import { readConfigSchema } from './json-schema.ts';
import { describeMetrics } from './metrics.ts';
import { ROOT } from './pages.ts';

const CONFIGURATION = 'docs/reference/configuration.md';
const CLI = 'docs/reference/cli.md';
const METRICS = 'docs/reference/metrics.md';
const MONITORING = 'docs/operate/monitoring.md';

/** @returns the expected content of each file, by its path from the root */
export async function createDerivedDocs(): Promise<ReadonlyMap<string, string>> {
  const schema = readConfigSchema();
  const help = [...readCommandHelp()].map(([name, text]): [string, string] => [
    `greenpin ${name} --help`,
    `\`\`\`text\n${text}\n\`\`\``,
  ]);
  const files = new Map([
    ['greenpin.example.yaml', createExample(schema)],
    [CONFIGURATION, withRegions(CONFIGURATION, new Map([['configuration', describeConfiguration(schema)]]))],
    [CLI, withRegions(CLI, new Map(help))],
    [MONITORING, withRegions(MONITORING, new Map([['alerts', describeAlerts()]]))],
    [METRICS, withRegions(METRICS, new Map([['metrics', await describeMetrics()]]))],
  ]);
  const formatted = [...files].map(async ([path, text]) => [path, await prettify(path, text)] as const);
  return new Map(await Promise.all(formatted));
}

/** Replaces the generated regions of a page, and keeps the rest. */
function withRegions(path: string, regions: ReadonlyMap<string, string>): string {
  const missing = new Set(regions.keys());
  const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(
    /^<!-- generated: (.+) -->\n[\s\S]*?^<!-- end -->$/gm,
    (_, name: string) => {
      missing.delete(name);
      const content = regions.get(name);
      if (content === undefined) throw new Error(`${path}: there is no ${name} any more`);
      return `<!-- generated: ${name} -->\n\n${content}\n\n<!-- end -->`;
    },
  );
  if (missing.size > 0) throw new Error(`${path}: no region for ${[...missing].join(', ')}`);
  return text;
}

async function prettify(path: string, text: string): Promise<string> {
  const filepath = join(ROOT, path);
  return await format(text, { ...(await resolveConfig(filepath)), filepath });
}

if (import.meta.main) {
  for (const [path, text] of await createDerivedDocs()) writeFileSync(join(ROOT, path), text);
}
