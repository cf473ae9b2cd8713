import type { TestProject } from 'vitest/node';
import { findTools, type Tools } from './availability.ts';

declare module 'vitest' {
  interface ProvidedContext {
    chartTools: Tools;
  }
}

/**
 * Finds the tools once, and prints one line about skipped tests.
 *
 * @throws Error if a tool is missing and `GREENPIN_REQUIRE_CONTAINERS=1`
 */
export default async function setup(project: TestProject): Promise<void> {
  const tools = await findTools(process.env);
  project.provide('chartTools', tools);
  const missing = [
    ...(tools.helms.length === 0 ? ['helm'] : []),
    ...(tools.validator === undefined ? ["the chart's validator"] : []),
  ];
  if (missing.length === 0) return;
  const text = `${missing.join(' and ')} not built; "bash .ci/build-tool helm chart-validator" builds them with Go 1.26 or later`;
  if (process.env['GREENPIN_REQUIRE_CONTAINERS'] === '1') throw new Error(text);
  console.log(`Left out: tests of the chart (${text})`);
}
