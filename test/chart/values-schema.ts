/**
 * Generates values.schema.json: types and descriptions from values.yaml, and rules that a default cannot
 * express.
 */
import { configPart, type Schema } from './config-schema.ts';
import { readSections, type Value } from './values-file.ts';

/** Kubernetes' own types: the API server validates their content. */
const OBJECT = { type: 'object' };
const OBJECTS = { type: 'array', items: OBJECT };
const TEXTS = { type: 'object', additionalProperties: { type: 'string' } };
const QUANTITY = { type: ['string', 'integer'], pattern: '^[0-9]+(\\.[0-9]+)?([KMGTP]i?)?$' };
const PORT = { type: 'integer', minimum: 1, maximum: 65_535 };
const COUNT = { type: 'integer', minimum: 0 };
/** A valid Kubernetes name, or an empty string. */
const NAME = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', maxLength: 253 };
const NAMESPACE = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 };
const DATA_KEY = { type: 'string', pattern: '^[-._a-zA-Z0-9]+$', maxLength: 253 };
const DURATION = { type: 'string', pattern: '^([0-9]+(ms|s|m|h))*$' };

function exactly(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}

const VARIABLE = {
  anyOf: [
    { type: 'string' },
    exactly({ secretName: { ...NAME, minLength: 1 }, key: DATA_KEY }),
    exactly({ configMapName: { ...NAME, minLength: 1 }, key: DATA_KEY }),
  ],
};
const SECRET_FILE = exactly(
  { secretName: { ...NAME, minLength: 1 }, items: { ...TEXTS, minProperties: 1 } },
  ['items'],
);

const RULES: Readonly<Record<string, Schema>> = {
  config: configPart(),
  logLevel: { enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] },
  env: {
    type: 'object',
    propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
    additionalProperties: VARIABLE,
  },
  secretFiles: {
    type: 'object',
    // Part of a volume's name and of a path. No dots, so that it cannot be a path that Kubernetes or a cloud
    // mounts.
    propertyNames: { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 50 },
    additionalProperties: SECRET_FILE,
  },
  'certificates.configMap': NAME,
  'certificates.secret': NAME,
  'certificates.key': DATA_KEY,
  'certificates.pem': { type: 'string', pattern: '^(\\s*|[\\s\\S]*-----BEGIN CERTIFICATE-----[\\s\\S]*)$' },
  'argocd.namespace': NAMESPACE,
  'argocd.configMap.name': NAME,
  'argocd.configMap.baseUrl': { type: 'string', pattern: '^(https?://[^/?#\\s]+[^?#\\s]*)?$' },
  'argocd.configMap.requestTimeout': { type: 'integer', minimum: 1 },
  'token.existingSecret': NAME,
  'token.key': DATA_KEY,
  'persistence.existingClaim': NAME,
  'persistence.storageClass': NAME,
  'persistence.accessMode': { enum: ['ReadWriteOnce', 'ReadWriteOncePod'] },
  'persistence.size': QUANTITY,
  replicas: COUNT,
  'autoscaling.minReplicas': { type: 'integer', minimum: 1 },
  'autoscaling.maxReplicas': { type: 'integer', minimum: 1 },
  'autoscaling.targetCPUUtilizationPercentage': { type: ['integer', 'null'], minimum: 1 },
  'autoscaling.behavior': OBJECT,
  'podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' },
  drainSeconds: { ...COUNT, maximum: 600 },
  'image.registry': {
    type: 'string',
    pattern: '^([A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?$',
  },
  'image.repository': { type: 'string', pattern: '^[a-z0-9]+([._/-]+[a-z0-9]+)*$' },
  'image.tag': { type: 'string', pattern: '^([A-Za-z0-9_][A-Za-z0-9_.-]*)?$', maxLength: 128 },
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  'serviceAccount.name': NAME,
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'service.port': PORT,
  'service.ipFamilyPolicy': { enum: ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'] },
  'service.ipFamilies': { type: 'array', items: { enum: ['IPv4', 'IPv6'] }, uniqueItems: true, maxItems: 2 },
  'networkPolicy.enabled': { enum: ['auto', true, false] },
  'metrics.serviceMonitor.interval': DURATION,
  'metrics.serviceMonitor.scrapeTimeout': DURATION,
  'metrics.prometheusRule.job': { type: 'string', pattern: '^[-A-Za-z0-9_./:]*$' },
  'metrics.prometheusRule.disabled': { type: 'array', items: { type: 'string', pattern: '^Greenpin' } },
  'metrics.dashboard.namespace': { ...NAMESPACE, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' },
  resources: OBJECT,
  podSecurityContext: OBJECT,
  securityContext: OBJECT,
  startupProbe: OBJECT,
  readinessProbe: OBJECT,
  livenessProbe: OBJECT,
  affinity: OBJECT,
  nameOverride: { type: 'string', pattern: '^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)?$' },
  fullnameOverride: { type: 'string', pattern: '^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)?$' },
  extraObjects: { type: 'array', items: { type: ['object', 'string'] } },
};

/**
 * Values that Helm passes to a dependency. They are not in values.yaml, because the chart does not use them.
 */
const OF_AN_UMBRELLA = {
  enabled: {
    type: 'boolean',
    description: 'For a chart that depends on this one with `condition: greenpin.enabled`.',
  },
  global: { type: 'object', description: 'What helm gives to every chart that another one depends on.' },
};

/** @throws Error if a rule is for an unknown value */
export function valuesSchema(): Schema {
  const rules = new Map(Object.entries(RULES));
  const values = readSections().flatMap((section) => section.values);
  const properties = Object.fromEntries(values.map((value) => [value.path, describe(value, rules)]));
  if (rules.size > 0) throw new Error(`found rules for no value: ${[...rules.keys()].join(', ')}`);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart greenpin',
    type: 'object',
    properties: { ...properties, ...OF_AN_UMBRELLA },
    additionalProperties: false,
  };
}

function describe(value: Value, rules: Map<string, Schema>): Schema {
  const text = value.description === '' ? {} : { description: value.description };
  if (value.children.length > 0) {
    const properties = value.children.map((child) => [keyOf(child), describe(child, rules)]);
    return {
      ...text,
      type: 'object',
      properties: Object.fromEntries(properties),
      additionalProperties: false,
    };
  }
  const rule = rules.get(value.path) ?? typeOf(value);
  rules.delete(value.path);
  return { ...rule, ...text, default: value.fallback };
}

function keyOf({ path }: Value): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function typeOf({ path, fallback }: Value): Schema {
  if (Array.isArray(fallback)) return OBJECTS;
  if (typeof fallback === 'object') return TEXTS;
  if (typeof fallback === 'boolean' || typeof fallback === 'string') return { type: typeof fallback };
  throw new Error(`found ${path}: ${JSON.stringify(fallback)}, expected a rule for it`);
}
