/** helm as a user calls it, without a cluster and without the user's own settings. */
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
  /** The rest, as its kind has it; each test knows what it looks for. */
  readonly [key: string]: unknown;
}

export interface HelmResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Rendering {
  readonly values?: unknown;
  /** Files of the chart's folder `ci`, without their ending. */
  readonly files?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
}

const { helms } = inject('chartTools');

export const withoutHelm = helms.length === 0;
/** For suites of what every helm must do alike. Where none is built such a suite is left out, but has its tests: one without any would fail. */
export const eachHelm = withoutHelm ? [{ version: '(not built)', command: '' }] : helms;

const SETTINGS = mkdtempSync(join(tmpdir(), 'greenpin-helm-'));
process.once('exit', () => rmSync(SETTINGS, { recursive: true, force: true }));
let counter = 0;

/** Runs helm; a failure is a result too. */
export async function helm(
  command: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<HelmResult> {
  // In HOME helm keeps what it was told of a cluster's kinds.
  const home = {
    HOME: SETTINGS,
    HELM_CACHE_HOME: SETTINGS,
    HELM_CONFIG_HOME: SETTINGS,
    HELM_DATA_HOME: SETTINGS,
  };
  // A kubeconfig that is not there: nothing of this machine's user, and no cluster.
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

/** `helm template`; a helm that was built from its module does not know a Kubernetes version, so one is given. */
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
 * @throws Error with what helm says
 */
export async function render(command: string, rendering: Rendering): Promise<string> {
  const { status, stdout, stderr } = await template(command, rendering);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** @returns what `helm template` makes, as objects */
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

/** @returns the only one of this kind whose name ends so */
export function pick(objects: readonly KubernetesObject[], kind: string, ending = ''): KubernetesObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.endsWith(ending));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`found ${found.length} of ${kind} ...${ending}, expected one`);
  }
  return found[0];
}
