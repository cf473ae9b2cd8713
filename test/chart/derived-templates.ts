/** templates/_derived.tpl: what the templates need to know of values.yaml and of Greenpin's own schema. */
import { stringify } from 'yaml';
import { secretPatterns } from './secret-patterns.ts';
import { leaves, readSections, type Value } from './values-file.ts';

/** Null takes them away: nothing is put in their place. */
const REMOVABLE: Readonly<Record<string, unknown>> = {
  resources: {},
  podSecurityContext: {},
  securityContext: {},
  topologySpreadConstraints: [],
  'metrics.dashboard.labels': {},
  'networkPolicy.serverLabels': {},
  'autoscaling.targetCPUUtilizationPercentage': null,
};

export function derivedTemplates(): string {
  const values = leaves(readSections().flatMap((section) => section.values));
  const fallbacks = values.map((value) => [value.path, fallbackOf(value)] as const);
  return `{{/* Made from values.yaml and Greenpin's schema: \`npm run chart\`. */}}
{{- define "greenpin.defaults" -}}
${toYaml(Object.fromEntries(fallbacks.filter(([, fallback]) => fallback !== null)))}
{{- end }}

{{- define "greenpin.secretPatterns" -}}
${toYaml(secretPatterns())}
{{- end }}
`;
}

function fallbackOf({ path, fallback }: Value): unknown {
  return path in REMOVABLE ? REMOVABLE[path] : fallback;
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
