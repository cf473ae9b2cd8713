/** Alerts and dashboard use existing metrics, and each alert says what it means and where to look. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/metrics.ts';
import { API_ERROR_STATUS } from '../../src/errors.ts';
import { pick, renderObjects } from './helm.ts';
import { judge } from './validator.ts';
import { CHART } from './values-file.ts';

const { helms, validator = '' } = inject('chartTools');
const command = helms[0]?.command ?? '';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const dashboard = JSON.parse(readFileSync(join(CHART, 'files/dashboard.json'), 'utf8')) as Dashboard;
const alertsFile = parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8')) as Alert[];

/** Names of the series that Greenpin exposes, and one of kube-state-metrics. */
async function series(): Promise<Set<string>> {
  const text = await createMetrics('0.0.0').expose();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const names = types.flatMap(([, name = '', type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set([...names, 'kube_deployment_status_replicas_available']);
}

/** Variables as Grafana fills them in. */
function filled(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(?:namespace|job)/g, 'a');
}

async function alertsOf(values: unknown): Promise<Alert[]> {
  const objects = await renderObjects(command, { files: ['certificates'], values });
  const { spec } = pick(objects, 'PrometheusRule') as unknown as { spec: { groups: { rules: Alert[] }[] } };
  return spec.groups.flatMap(({ rules }) => rules);
}

async function expressionOf(name: string, config: unknown): Promise<string | undefined> {
  const argocd = { configMap: { requestTimeout: 4000 } };
  return (await alertsOf({ config, argocd })).find(({ alert }) => alert === name)?.expr;
}

describe.skipIf(helms.length === 0)('the alerts', () => {
  it('say what they mean and where to look, without an unfilled placeholder', async () => {
    const alerts = await alertsOf({});
    expect(alerts.map(({ alert }) => alert)).toEqual(alertsFile.map(({ alert }) => alert));
    for (const alert of alerts) {
      expect(alert.labels['severity'], alert.alert).toMatch(/^(?:info|warning|critical)$/);
      expect(alert.annotations['summary']?.length, alert.alert).toBeGreaterThan(20);
      expect(alert.annotations['description']?.length, alert.alert).toBeGreaterThan(80);
      expect(JSON.stringify(alert)).not.toMatch(/NAMESPACE|JOB|DEPLOYMENT|FRESH_FOR|DEADLINE|LATE|SLOW/);
    }
  });

  it('select this release only', async () => {
    for (const { alert, expr } of await alertsOf({})) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length, alert).toBeGreaterThan(0);
      for (const selector of selectors) {
        expect(selector).toMatch(/namespace="greenpin", (?:job="greenpin-metrics"|deployment="greenpin")/);
      }
    }
  });

  it.for<[string, string, number]>([
    ['15s', '5m', 30],
    ['2m', '5m', 210],
    ['4m', '5m', 270],
    ['1h', '24h', 7200],
  ])(
    'with freshFor %s and maxFreshFor %s tell of answers later than %i s: in reach of what it is stretched to',
    async ([freshFor, maxFreshFor, wanted]) => {
      const expr = await expressionOf('GreenpinFreshnessStretched', { freshFor, maxFreshFor });
      expect(expr).toMatch(new RegExp(`> ${wanted}$`));
    },
  );

  it.for<[string, number]>([
    ['1s', 0.5],
    ['20s', 10],
    ['40s', 20],
    ['60s', 29],
    ['1h', 29],
  ])('with a deadline of %s report answers slower than %d s, within the histogram', async (example) => {
    const [deadline, wanted] = example;
    const expr = await expressionOf('GreenpinSlow', { server: { deadline } });
    expect(expr).toMatch(new RegExp(`> ${wanted}$`));
    const text = await createMetrics('0.0.0').expose();
    const ends = [...text.matchAll(/^greenpin_call_duration_seconds_bucket\{le="([\d.]+)"/gm)].map(
      ([, end]) => Number(end),
    );
    expect(wanted).toBeLessThan(Math.max(...ends));
  });

  it('select the series of another scrape by its job', async () => {
    const metrics = { serviceMonitor: { enabled: false }, prometheusRule: { job: 'kubernetes-pods/LATE' } };
    for (const { alert, expr } of await alertsOf({ metrics })) {
      if (alert === 'GreenpinNotReady') continue;
      expect(expr, alert).toContain('job="kubernetes-pods/LATE"');
    }
  });

  it('accept additional labels, and can be disabled', async () => {
    const prometheusRule = { alertLabels: { team: 'a' }, disabled: ['GreenpinSlow', 'GreenpinQuotaLow'] };
    const alerts = await alertsOf({ metrics: { prometheusRule } });
    expect(alerts).toHaveLength(alertsFile.length - 2);
    expect(new Set(alerts.map(({ labels }) => labels['team']))).toEqual(new Set(['a']));
  });

  it('know every outcome of a call', () => {
    const pattern = /outcome!~"([^"]*)"/.exec(alertsFile.map(({ expr }) => expr).join('\n'))?.[1] ?? '';
    const harmless = new RegExp(`^(?:${pattern})$`);
    const failures = Object.keys(API_ERROR_STATUS).filter((code) => !harmless.test(code));
    expect(failures).toEqual(Object.keys(API_ERROR_STATUS).filter((code) => code !== 'forbidden'));
  });
});

describe.skipIf(validator === '')('alerts and dashboard', () => {
  it('parse, and use metrics that Greenpin exposes', async () => {
    const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }, i) => [`${title} ${i}`, filled(expr)]),
    );
    const annotations = dashboard.annotations.list.map(({ expr }, i) => [`annotation ${i}`, filled(expr)]);
    const alerts = alertsFile.map(({ alert, expr }) => [alert, expr.replaceAll(/LATE|SLOW/g, '1')]);
    const all = Object.fromEntries([...expressions, ...annotations, ...alerts]) as Record<string, string>;
    const { problems, metrics } = await judge(validator, {}, all);
    expect(problems).toEqual([]);
    const known = await series();
    expect(metrics.filter((name) => !known.has(name))).toEqual([]);
  });

  it("use each of Greenpin's own metrics", async () => {
    const text = JSON.stringify([dashboard, alertsFile]);
    const own = [...(await createMetrics('0').expose()).matchAll(/^# TYPE (greenpin_\S+)/gm)];
    expect(own.map(([, name = '']) => name).filter((name) => !text.includes(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('has panels with a description, a unique id, and a place that does not overlap', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.filter(({ description = '' }) => description.length < 20)).toEqual([]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });

  it('selects only what its variables choose', () => {
    const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    for (const expr of expressions) {
      for (const selector of expr.match(/\{[^}]*\}/g) ?? []) {
        expect(selector).toMatch(/^\{namespace="\$namespace", job="\$job"[,}]/);
      }
    }
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'job']);
  });
});
