/**
 * Values that are missing or empty: `podLabels:`, an empty probe, a section that `--reuse-values` does not
 * know yet.
 */
import { describe, expect, inject, it } from 'vitest';
import { template } from './helm.ts';
import { leaves, readSections, type Value } from './values-file.ts';

const { helms } = inject('chartTools');
const command = helms[0]?.command ?? '';

/** Enables the optional parts, so that no part of a template is skipped. */
const OPTIONAL = {
  networkPolicy: { enabled: true, egress: true },
  metrics: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } },
};
/** Required: the chart refuses values without them. */
const NEEDED = new Set(['config', 'env', 'token', 'token.existingSecret']);

function sectionsIn(values: readonly Value[]): Value[] {
  return values.flatMap((value) =>
    value.children.length === 0 ? [] : [value, ...sectionsIn(value.children)],
  );
}

const values = readSections().flatMap((section) => section.values);
const paths = [...sectionsIn(values), ...leaves(values)]
  .map(({ path }) => path)
  .filter((path) => !NEEDED.has(path));

function nest(path: string): object {
  return path.split('.').reduceRight<unknown>((value, key) => ({ [key]: value }), null) as object;
}

describe.skipIf(helms.length === 0)('the chart', () => {
  it.for(paths)('renders without %s, and prints no null', async (path) => {
    const optional = /^(?:metrics|networkPolicy)/.test(path) ? {} : OPTIONAL;
    const rendering = { files: ['minimal'], values: { ...optional, ...nest(path) } };
    const { status, stdout, stderr } = await template(command, rendering);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toMatch(/<nil>|<no value>|: null$/m);
  });
});
