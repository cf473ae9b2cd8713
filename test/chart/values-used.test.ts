/** Each value has an effect: changing any leaf of values.yaml changes the rendering. */
import { describe, expect, inject, it, test } from 'vitest';
import { render, type Rendering } from './helm.ts';
import { leaves, readSections } from './values-file.ts';

const { helms } = inject('chartTools');
const command = helms[0]?.command ?? '';

const values = leaves(readSections().flatMap((section) => section.values));
const MONITORED = {
  metrics: {
    serviceMonitor: { enabled: true },
    prometheusRule: { enabled: true },
    dashboard: { enabled: true },
  },
};
const REDIS = { config: { store: { kind: 'redis', url: 'redis://redis' } } };
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

/** Changed values, where the type alone does not suggest one. */
const CHANGED: Readonly<Record<string, unknown>> = {
  config: { freshFor: '1m' },
  logLevel: 'debug',
  env: { A: 'b' },
  extraEnv: [{ name: 'A', value: 'b' }],
  extraEnvFrom: [{ secretRef: { name: 'a' } }],
  secretFiles: { a: { secretName: 'b' } },
  'certificates.key': 'other.crt',
  'certificates.pem': CERTIFICATE,
  'argocd.configMap.baseUrl': 'http://elsewhere',
  'persistence.accessMode': 'ReadWriteOncePod',
  'persistence.size': '2Gi',
  'autoscaling.metrics': [{ type: 'Resource' }],
  'autoscaling.behavior': { scaleDown: { stabilizationWindowSeconds: 1 } },
  'image.digest': `sha256:${'0'.repeat(64)}`,
  'image.pullPolicy': 'Always',
  imagePullSecrets: [{ name: 'a' }],
  'service.type': 'NodePort',
  'service.ipFamilyPolicy': 'PreferDualStack',
  'service.ipFamilies': ['IPv6'],
  'networkPolicy.enabled': false,
  'metrics.serviceMonitor.interval': '30s',
  'metrics.serviceMonitor.scrapeTimeout': '5s',
  'metrics.prometheusRule.disabled': ['GreenpinSlow'],
  resources: { limits: { memory: '1Gi' } },
  podSecurityContext: { runAsUser: 1 },
  securityContext: { privileged: false },
  topologySpreadConstraints: [],
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' } }],
};

/** Other values that a value needs to have an effect. The longest matching prefix of its path applies. */
const SURROUNDINGS: Readonly<Record<string, unknown>> = {
  'certificates.key': { certificates: { configMap: 'a' } },
  replicas: REDIS,
  'autoscaling.enabled': REDIS,
  autoscaling: { ...REDIS, autoscaling: { enabled: true } },
  'serviceAccount.annotations': {},
  'networkPolicy.extraEgress': { networkPolicy: { egress: true } },
  'metrics.serviceMonitor.enabled': {},
  'metrics.prometheusRule.enabled': { metrics: { serviceMonitor: { enabled: true } } },
  'metrics.dashboard.enabled': {},
  metrics: MONITORED,
};

function surroundings(path: string): unknown {
  const found = Object.keys(SURROUNDINGS)
    .filter((key) => path === key || path.startsWith(`${key}.`))
    .toSorted((a, b) => a.length - b.length)
    .at(-1);
  return found === undefined ? {} : SURROUNDINGS[found];
}

function changed(path: string, fallback: unknown): unknown {
  if (path in CHANGED) return CHANGED[path];
  if (typeof fallback === 'boolean') return !fallback;
  if (typeof fallback === 'number') return fallback + 1;
  if (typeof fallback === 'string') return `${fallback}changed`;
  if (Array.isArray(fallback)) return [{ changed: true }];
  return { changed: 'true' };
}

function rendering(own: unknown): Rendering {
  return { files: ['minimal'], values: own };
}

function nest(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function merge(one: unknown, two: unknown): unknown {
  if (typeof one !== 'object' || typeof two !== 'object' || Array.isArray(two) || !one || !two) return two;
  const keys = [...new Set([...Object.keys(one), ...Object.keys(two)])];
  const [a, b] = [one as Record<string, unknown>, two as Record<string, unknown>];
  return Object.fromEntries(keys.map((key) => [key, key in b ? merge(a[key], b[key]) : a[key]]));
}

describe.skipIf(helms.length === 0)('a changed value', () => {
  it.for(values)('of $path changes the rendering', async ({ path, fallback }) => {
    const around = surroundings(path);
    const [before, after] = await Promise.all([
      render(command, rendering(around)),
      render(command, rendering(merge(around, nest(path, changed(path, fallback))))),
    ]);
    expect(after === before).toBe(false);
  });
});

test('the tables of this test name existing values', () => {
  const paths = values.map(({ path }) => path);
  const named = [...Object.keys(CHANGED), ...Object.keys(SURROUNDINGS)];
  const unknown = named.filter((key) => !paths.some((path) => path === key || path.startsWith(`${key}.`)));
  expect(unknown).toEqual([]);
});
