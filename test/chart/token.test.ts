/**
 * The token that Argo CD sends: losing it in an upgrade would freeze every ApplicationSet. Helm installs into
 * a fake Kubernetes API.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { startFakeKubernetes, type FakeKubernetes } from './fake-kubernetes.ts';
import {
  eachHelm,
  helm,
  parseObjects,
  render,
  template,
  valueOptions,
  type HelmResult,
  withoutHelm,
} from './helm.ts';
import { CHART } from './values-file.ts';

const GENERATED = { token: { existingSecret: '' } };
const RENDERING = { files: ['minimal'], values: GENERATED };
const BLIND =
  /^token\.existingSecret: found none, and no Secret argocd-secret in the namespace argocd .*: Argo CD is not there, or this rendering does not see the cluster .*--dry-run=server/m;
const LEFT_OUT =
  "The Secret greenpin-token with Argo CD's token is not created: this rendering does not see the cluster.";
const ARGOCD = '/api/v1/namespaces/argocd/secrets/greenpin-token';
const OWN = '/api/v1/namespaces/greenpin/secrets/greenpin-token';

/** Argo CD is installed already. */
async function startCluster(): Promise<FakeKubernetes> {
  const cluster = await startFakeKubernetes();
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  cluster.objects.set('/api/v1/namespaces/argocd/secrets/argocd-secret', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { labels: {} },
  });
  return cluster;
}

interface Operation {
  readonly cluster: FakeKubernetes;
  readonly command: string;
  readonly values?: unknown;
  readonly namespace?: string;
}

async function operate(verb: string, options: string[], operation: Operation): Promise<HelmResult> {
  const { cluster, command, namespace = 'greenpin' } = operation;
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-kubeconfig-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const KUBECONFIG = join(folder, 'config');
  const config = {
    clusters: [{ name: 'test', cluster: { server: cluster.url } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    users: [{ name: 'test', user: {} }],
    'current-context': 'test',
  };
  writeFileSync(KUBECONFIG, stringify(config));
  return await helm(command, [verb, 'greenpin', ...options, '-n', namespace], { KUBECONFIG });
}

async function apply(verb: 'install' | 'upgrade', operation: Operation): Promise<HelmResult> {
  const values = valueOptions({ files: ['minimal'], values: operation.values ?? GENERATED });
  return await operate(verb, [CHART, '--disable-openapi-validation', ...values], operation);
}

async function succeed(verb: 'install' | 'upgrade', operation: Operation): Promise<string> {
  const { status, stdout, stderr } = await apply(verb, operation);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

function tokens({ objects }: FakeKubernetes): (string | undefined)[] {
  return [ARGOCD, OWN].map((path) => {
    const { data } = (objects.get(path) ?? {}) as { data?: Record<string, string> };
    return data?.['token'];
  });
}

function setToken(cluster: FakeKubernetes, path: string, token: string): void {
  const secret = cluster.objects.get(path);
  if (!secret) throw new Error(`found no ${path}`);
  cluster.objects.set(path, { ...secret, data: { token } });
}

/** @returns what became of the token's Secret in a rendering; notes, if any, must agree */
function outcomeOf({ status, stdout, stderr }: HelmResult): string {
  if (status !== 0) return BLIND.test(stderr) ? 'refused' : stderr;
  const claims = stdout.includes('upgrades keep it');
  if (/^kind: Secret$/m.test(stdout)) return stdout.includes(LEFT_OUT) ? 'shown, and denied' : 'shown';
  return stdout.includes(LEFT_OUT) && !claims ? 'left out, and said so' : 'left out';
}

describe.skipIf(withoutHelm).for(eachHelm)(
  'the generated token, by helm $version',
  ({ command, version }) => {
    test('is long, the same in both namespaces, and labelled for Argo CD', async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const [theirs, ours] = tokens(cluster);
      expect(theirs).toBe(ours);
      expect(Buffer.from(theirs ?? '', 'base64').toString()).toMatch(/^[A-Za-z0-9]{48}$/);
      expect(cluster.objects.get(ARGOCD)?.metadata.labels).toMatchObject({
        'app.kubernetes.io/part-of': 'argocd',
      });
      expect(cluster.objects.get('/api/v1/namespaces/argocd/configmaps/greenpin')).toMatchObject({
        data: { token: '$greenpin-token:token', baseUrl: 'http://greenpin.greenpin.svc:4355' },
      });
    });

    test('differs between installations', async () => {
      const [one, two] = [await startCluster(), await startCluster()];
      await Promise.all([one, two].map((cluster) => succeed('install', { cluster, command })));
      expect(tokens(one)[0]).not.toBe(tokens(two)[0]);
    });

    test('is kept by upgrades', async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const before = tokens(cluster);
      await succeed('upgrade', { cluster, command, values: { ...GENERATED, drainSeconds: 15 } });
      await succeed('upgrade', { cluster, command });
      expect(tokens(cluster)).toEqual(before);
    });

    test.for([ARGOCD, OWN])('is restored if only %s was lost', async (lost) => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const before = tokens(cluster);
      cluster.objects.delete(lost);
      await succeed('upgrade', { cluster, command });
      expect(tokens(cluster)).toEqual(before);
    });

    test('is generated anew, the same in both, if both were deleted', async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const [before] = tokens(cluster);
      cluster.objects.delete(ARGOCD);
      cluster.objects.delete(OWN);
      await succeed('upgrade', { cluster, command });
      const [theirs, ours] = tokens(cluster);
      expect(theirs).toMatch(/./);
      expect(theirs).toBe(ours);
      expect(theirs).not.toBe(before);
    });

    test("is Argo CD's if the two differ", async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const changed = Buffer.from('changed by hand').toString('base64');
      setToken(cluster, ARGOCD, changed);
      await succeed('upgrade', { cluster, command });
      expect(tokens(cluster)).toEqual([changed, changed]);
    });

    test("is a single Secret in Argo CD's own namespace", async () => {
      const cluster = await startCluster();
      const operation = { cluster, command, namespace: 'argocd' };
      await succeed('install', operation);
      const [before, none] = tokens(cluster);
      await succeed('upgrade', operation);
      expect([before !== undefined, none, tokens(cluster)[0] === before]).toEqual([true, undefined, true]);
    });

    test('is removed by helm uninstall, with everything else', async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      expect(cluster.objects.size).toBeGreaterThan(8);
      expect(await operate('uninstall', [], { cluster, command })).toMatchObject({ status: 0 });
      expect([...cluster.objects.keys()]).toEqual(['/api/v1/namespaces/argocd/secrets/argocd-secret']);
    });

    test('is left out by helm template, with a note, because each rendering would generate another one', async () => {
      const manifest = await render(command, RENDERING);
      expect(manifest).toMatch(
        /^# The Secret greenpin-token is left out: .* Create it in argocd and in greenpin,$/m,
      );
      expect(parseObjects(manifest).filter(({ kind }) => kind === 'Secret')).toEqual([]);
      expect(manifest).toMatch(/secretName: "?greenpin-token"?$/m);
      expect(await render(command, RENDERING)).toBe(manifest);
    });

    test("is refused if the renderer is Argo CD's, which knows the cluster's kinds but sees no objects", async () => {
      const argoCd = ['--api-versions', 'v1', '--api-versions', 'v1/Secret'];
      const { status, stdout, stderr } = await template(command, RENDERING, argoCd);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(BLIND);
    });

    // Helm 3 and Helm 4 differ in which commands pass the cluster's kinds and allow lookups.
    test.for([
      { options: ['template', '--validate'], three: 'refused', four: 'shown' },
      { options: ['install', '--dry-run=client'], three: 'refused', four: 'left out, and said so' },
      { options: ['install', '--dry-run=server'], three: 'shown', four: 'shown' },
    ])('by helm $options, is $three with Helm 3 and $four with Helm 4', async ({ options, three, four }) => {
      const cluster = await startCluster();
      const [verb = '', option = ''] = options;
      const rest = [CHART, option, '--disable-openapi-validation', ...valueOptions(RENDERING)];
      const result = await operate(verb, rest, { cluster, command });
      expect(outcomeOf(result)).toBe(version.startsWith('v3.') ? three : four);
    });

    test('is shown by a server-side dry run, which looks up', async () => {
      const cluster = await startCluster();
      await succeed('install', { cluster, command });
      const options = [CHART, '--dry-run=server', '--disable-openapi-validation', ...valueOptions(RENDERING)];
      const { status, stdout } = await operate('upgrade', options, { cluster, command });
      expect([status, stdout.includes(LEFT_OUT)]).toEqual([0, false]);
      expect(stdout).toContain(`token: ${tokens(cluster)[0]}`);
    });

    test('keeps its label for Argo CD whatever commonLabels say; the other Secret has theirs', async () => {
      const cluster = await startCluster();
      const label = 'app.kubernetes.io/part-of';
      const values = { ...GENERATED, commonLabels: { [label]: 'platform' } };
      await succeed('install', { cluster, command, values });
      const labels = [ARGOCD, OWN].map((path) => cluster.objects.get(path)?.metadata.labels?.[label]);
      expect(labels).toEqual(['argocd', 'platform']);
    });

    test('is refused in a namespace without Argo CD', async () => {
      const cluster = await startCluster();
      const values = { ...GENERATED, argocd: { namespace: 'argo' } };
      const { status, stderr } = await apply('install', { cluster, command, values });
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /^token\.existingSecret: found none, and no Secret argocd-secret in the namespace argo \(argocd\.namespace\)/m,
      );
    });

    test('is in the notes, with the next commands', async () => {
      const cluster = await startCluster();
      const notes = await succeed('install', { cluster, command });
      for (const said of [
        'kubectl -n greenpin rollout status deploy/greenpin\n',
        'kubectl -n greenpin exec deploy/greenpin -- greenpin check\n',
        'kubectl -n greenpin exec deploy/greenpin -- greenpin resolve --project shop --branch my-branch\n',
        'kubectl -n greenpin logs deploy/greenpin --follow\n',
        'configMapRef: { name: greenpin }\n',
        "head_sha: '{{ .head_sha }}'\n",
        "Argo CD's token is in the Secret greenpin-token in greenpin and in argocd; upgrades keep it.",
        'kubectl -n argocd get pods -l app.kubernetes.io/name=argocd-applicationset-controller\n',
        'kubectl -n argocd get pods -l app.kubernetes.io/name=argocd-server\n',
      ]) {
        expect(notes).toContain(said);
      }
      expect(notes).not.toContain('WARNING');
      const values = {
        config: { store: { kind: 'memory' } },
        token: { existingSecret: 'mine' },
        service: { type: 'NodePort' },
      };
      const other = await succeed('upgrade', { cluster, command, values });
      expect(other).toContain(
        'No NetworkPolicy is created, because the chart cannot know the source of calls.',
      );
      expect(other).toMatch(
        /The Secret mine must exist in greenpin and, with the same token, in argocd\.[\s\S]*WARNING: config\.store\.kind is memory/,
      );
    });
  },
);
