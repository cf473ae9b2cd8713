/** Runs helm as a user does, without a cluster and without this machine's settings. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { CHART } from './values-file.ts';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** The fields of its kind. */
  readonly [key: string]: unknown;
}

export interface HelmResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Rendering {
  readonly values?: unknown;
  /** Names of files in the chart's folder `ci`, without `-values.yaml`. */
  readonly files?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
}

const { helms } = inject('chartTools');

export const withoutHelm = helms.length === 0;
/**
 * For suites that run with every helm. Without a helm they are skipped, but need an entry: vitest fails on an
 * empty suite.
 */
export const eachHelm = withoutHelm ? [{ version: '(not built)', command: '' }] : helms;

const SETTINGS = mkdtempSync(join(tmpdir(), 'greenpin-helm-'));
process.once('exit', () => rmSync(SETTINGS, { recursive: true, force: true }));
let counter = 0;

/** Runs helm. Does not throw if helm fails. */
export async function helm(
  command: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<HelmResult> {
  // Helm caches a cluster's kinds in HOME.
  const home = {
    HOME: SETTINGS,
    HELM_CACHE_HOME: SETTINGS,
    HELM_CONFIG_HOME: SETTINGS,
    HELM_DATA_HOME: SETTINGS,
  };
  // A kubeconfig that does not exist: no cluster.
  const environment = { PATH: process.env['PATH'], KUBECONFIG: join(SETTINGS, 'none'), ...home, ...env };
  return await new Promise((done) => {
    execFile(
      command,
      options,
      { env: environment, maxBuffer: 64 << 20, timeout: 60_000 },
      (error, stdout, stderr) => {
        done({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      },
    );
  });
}

/** @returns the options that name the values */
export function valueOptions({ values, files = [] }: Rendering): string[] {
  const options = files.flatMap((file) => ['-f', join(CHART, 'ci', `${file}-values.yaml`)]);
  if (values === undefined) return options;
  counter += 1;
  const file = join(SETTINGS, `values-${counter}.yaml`);
  writeFileSync(file, stringify(values));
  onTestFinished(() => rmSync(file, { force: true }));
  return [...options, '-f', file];
}

/** `helm template` with a Kubernetes version, which a helm that is built from its module does not know. */
export async function template(
  command: string,
  rendering: Rendering,
  further: readonly string[] = [],
): Promise<HelmResult> {
  const { release = 'greenpin', namespace = 'greenpin' } = rendering;
  const options = ['-n', namespace, '--kube-version', '1.34.0', ...valueOptions(rendering)];
  return await helm(command, ['template', release, CHART, ...options, ...further]);
}

/**
 * @returns the manifest
 * @throws Error with helm's message
 */
export async function render(command: string, rendering: Rendering): Promise<string> {
  const { status, stdout, stderr } = await template(command, rendering);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** @returns the objects that `helm template` renders */
export async function renderObjects(command: string, rendering: Rendering): Promise<KubernetesObject[]> {
  return parseObjects(await render(command, rendering));
}

/** @param manifest YAML documents */
export function parseObjects(manifest: string): KubernetesObject[] {
  return parseAllDocuments(manifest)
    .map((document) => {
      if (document.errors[0]) throw document.errors[0];
      return document.toJS() as KubernetesObject | null;
    })
    .filter((object) => object !== null);
}

/** @returns the only object of this kind whose name has this ending */
export function pick(objects: readonly KubernetesObject[], kind: string, ending = ''): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(ending));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`found ${found.length} of ${kind} ...${ending}, expected one`);
  }
  return found[0];
}
