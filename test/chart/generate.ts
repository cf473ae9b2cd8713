/**
 * `npm run chart`: writes the files that are generated from values.yaml. A test fails while they are not
 * current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withValueTables } from './chart-readme.ts';
import { derivedTemplates } from './derived-templates.ts';
import { CHART } from './values-file.ts';
import { valuesSchema } from './values-schema.ts';

/** @returns the expected content of each generated file, by its name in the chart */
export async function derivedFiles(): Promise<ReadonlyMap<string, string>> {
  const readme = readFileSync(join(CHART, 'README.md'), 'utf8');
  return new Map([
    ['values.schema.json', await prettify('values.schema.json', JSON.stringify(valuesSchema()))],
    ['templates/_derived.tpl', derivedTemplates()],
    ['README.md', await prettify('README.md', withValueTables(readme))],
  ]);
}

async function prettify(name: string, text: string): Promise<string> {
  const filepath = join(CHART, name);
  return await format(text, { ...(await resolveConfig(filepath)), filepath });
}

if (import.meta.main) {
  for (const [name, text] of await derivedFiles()) writeFileSync(join(CHART, name), text);
}
