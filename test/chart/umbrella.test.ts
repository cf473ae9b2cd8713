/** A chart that depends on this one, as platform teams use it. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { eachHelm, helm, parseObjects, pick, type KubernetesObject, withoutHelm } from './helm.ts';
import { CHART } from './values-file.ts';

const minimal = parse(readFileSync(join(CHART, 'ci/minimal-values.yaml'), 'utf8')) as object;
const { version } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string };

/** @returns the folder of a chart that depends on this one under a condition */
function umbrella(values: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-umbrella-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const dependencies = [{ name: 'greenpin', version, condition: 'greenpin.enabled' }];
  const chart = { apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies };
  writeFileSync(join(folder, 'Chart.yaml'), stringify(chart));
  writeFileSync(join(folder, 'values.yaml'), stringify(values));
  mkdirSync(join(folder, 'charts'));
  cpSync(CHART, join(folder, 'charts/greenpin'), { recursive: true });
  return folder;
}

describe.skipIf(withoutHelm).for(eachHelm)('as a dependency, helm $version renders', ({ command }) => {
  const make = async (values: unknown): Promise<KubernetesObject[]> => {
    const options = ['template', 'platform', umbrella(values), '-n', 'greenpin', '--kube-version', '1.34.0'];
    const { status, stdout, stderr } = await helm(command, options);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return parseObjects(stdout);
  };

  it.for([{}, { enabled: true }])('the whole chart with the values %j', async (more) => {
    const global = { imageRegistry: 'registry.example.com' };
    const objects = await make({ global, greenpin: { ...minimal, ...more } });
    expect(pick(objects, 'Deployment').metadata).toMatchObject({ name: 'platform-greenpin' });
  });

  it('nothing if it is disabled', async () => {
    expect(await make({ greenpin: { enabled: false } })).toEqual([]);
  });
});
