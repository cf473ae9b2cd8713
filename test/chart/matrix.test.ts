/**
 * Renders each file of values in the chart's folder `ci` with each helm, and validates it with Kubernetes'
 * and Prometheus' own code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { eachHelm, helm, parseObjects, pick, render, renderObjects, withoutHelm } from './helm.ts';
import { judge } from './validator.ts';
import { CHART } from './values-file.ts';

const { helms, validator = '' } = inject('chartTools');
const files = readdirSync(join(CHART, 'ci')).map((file) => file.replace('-values.yaml', ''));
const newest = helms[0]?.command ?? '';

describe.skipIf(withoutHelm).for(eachHelm)('helm $version', ({ command }) => {
  it.for(['', ...files])('lints the values %s strictly', async (file) => {
    const options = file === '' ? [] : ['-f', join(CHART, 'ci', `${file}-values.yaml`)];
    const { status, stdout, stderr } = await helm(command, [
      'lint',
      '--strict',
      '--kube-version',
      '1.34.0',
      CHART,
      ...options,
    ]);
    expect({ status, problems: `${stdout}${stderr}`.match(/\[(?:ERROR|WARNING)\].*/g) ?? [] }).toEqual({
      status: 0,
      problems: [],
    });
  });

  it.skipIf(validator === '')(
    'renders what Kubernetes, its restricted standard and Prometheus accept',
    async () => {
      const manifests = Object.fromEntries(
        await Promise.all(files.map(async (file) => [file, await render(command, { files: [file] })])),
      ) as Record<string, string>;
      const { problems, kinds } = await judge(validator, manifests);
      expect(problems).toEqual([]);
      expect(kinds).toEqual([
        'ConfigMap',
        'Deployment',
        'HorizontalPodAutoscaler',
        'NetworkPolicy',
        'PersistentVolumeClaim',
        'PodDisruptionBudget',
        'PrometheusRule',
        'Service',
        'ServiceAccount',
        'ServiceMonitor',
      ]);
    },
  );

  it.for(files)("renders %s in Argo CD's own namespace without two objects of one name", async (file) => {
    const objects = await renderObjects(command, { files: [file], namespace: 'argocd' });
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it.for(files)('renders %s as the newest helm does', async (file) => {
    const [mine, theirs] = await Promise.all([
      renderObjects(command, { files: [file] }),
      renderObjects(newest, { files: [file] }),
    ]);
    expect(mine).toEqual(theirs);
  });
});

describe.skipIf(helms.length === 0)('the configuration in the pod', () => {
  const env = { GITHUB_TOKEN: 'x', GHCR_TOKEN: 'x', GHE_TOKEN: 'x' };

  test.for(files)(
    'of %s is one that Greenpin starts with, at the ports and paths of the pod',
    async (file) => {
      const objects = await renderObjects(newest, { files: [file] });
      const { data } = pick(objects, 'ConfigMap', '-config') as unknown as { data: Record<string, string> };
      const readFile = () => data['greenpin.yaml'] ?? '';
      const config = loadConfig({
        file: '/etc/greenpin/greenpin.yaml',
        readFile,
        env,
      });
      expect([config.server.port, config.management.port]).toEqual([4355, 9464]);
      expect(config.server.token).toEqual({ file: '/var/run/argo/token' });
      expect(config.store.kind === 'sqlite' ? config.store.path : '/var/lib/greenpin/greenpin.db').toBe(
        '/var/lib/greenpin/greenpin.db',
      );
    },
  );
});

describe.skipIf(validator === '')('the validator', () => {
  const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: a, namespace: b }
spec:
  selector: { matchLabels: { a: b } }
  template:
    metadata: { labels: { a: b } }
    spec: { containers: [{ name: a, image: a, imagePullPolicy: Always }] }
`;

  it('rejects what the API server, the restricted standard and Prometheus reject', async () => {
    const { problems } = await judge(
      validator,
      {
        unknown: DEPLOYMENT.replace('image: a', 'imag: a'),
        unsafe: DEPLOYMENT,
        wrong: DEPLOYMENT.replace('a: b } }\n  template', 'a: c } }\n  template'),
        twice: `${DEPLOYMENT}---\n${DEPLOYMENT}`,
        nowhere: 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
        rule: `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: a, namespace: b }
spec: { groups: [{ name: a, rules: [{ alert: A, expr: 'up ==', annotations: { summary: '{{ $lab.x }}' } }] }] }
`,
      },
      { broken: 'rate(up)' },
    );
    const text = problems.join('\n');
    for (const said of [
      /^unknown .*unknown field "spec.template.spec.containers\[0\].imag"/m,
      /^unsafe .*not restricted: runAsNonRoot != true/m,
      /^wrong .*selector/m,
      /^twice .*is there twice/m,
      /^nowhere .*has no namespace/m,
      /^rule .*could not parse expression/m,
      /^broken: .*expected type range vector/m,
    ]) {
      expect(text).toMatch(said);
    }
  });
});

function read(file: string): string {
  return readFileSync(join(CHART, file), 'utf8');
}

test("the chart has the program's version", () => {
  const { version } = JSON.parse(read('../../package.json')) as { version: string };
  const [chart] = parseObjects(read('Chart.yaml')) as unknown as { version: string; appVersion: string }[];
  expect([chart?.version, chart?.appVersion]).toEqual([version, version]);
});
