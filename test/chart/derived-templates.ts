/** Generates templates/_derived.tpl: defaults from values.yaml, and patterns from Greenpin's schema. */
import { stringify } from 'yaml';
import { secretPatterns } from './secret-patterns.ts';
import { leaves, readSections, type Value } from './values-file.ts';

/** Values that null removes. */
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
  return `{{/* Generated from values.yaml and Greenpin's schema by \`npm run chart\`. */}}
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
