/** Kubernetes accepts the names of every kind of release and namespace. */
import { describe, expect, inject, it } from 'vitest';
import { pick, render, renderObjects, parseObjects, type Rendering } from './helm.ts';
import { judge } from './validator.ts';

const { helms, validator = '' } = inject('chartTools');
const command = helms[0]?.command ?? '';
const LONG = 'a-release-with-a-name-that-is-as-long-as-helm-allows1';

async function nameOf(rendering: Rendering): Promise<string> {
  return pick(await renderObjects(command, { files: ['minimal'], ...rendering }), 'Deployment').metadata.name;
}

async function cut(ending: string): Promise<string> {
  return await nameOf({ values: { fullnameOverride: `${'c'.repeat(70)}-${ending}` } });
}

describe.skipIf(helms.length === 0)('commonLabels', () => {
  it('are on every object, except where Argo CD or a ServiceMonitor selects by the same label', async () => {
    const [partOf, component] = ['app.kubernetes.io/part-of', 'app.kubernetes.io/component'];
    const commonLabels = { [partOf]: 'platform', [component]: 'previews' };
    const objects = await renderObjects(command, { files: ['minimal'], values: { commonLabels } });
    const theirs = objects.flatMap(({ kind, metadata: { name, labels } }) =>
      labels[partOf] === 'platform' && labels[component] === 'previews'
        ? []
        : [`${kind} ${name} ${labels[partOf]} ${labels[component]}`],
    );
    expect(theirs).toEqual([
      'ConfigMap greenpin argocd previews',
      'Service greenpin-metrics platform metrics',
    ]);
  });
});

describe.skipIf(helms.length === 0)('the full name', () => {
  it.for<[string, unknown, string]>([
    ['greenpin', {}, 'greenpin'],
    ['previews', {}, 'previews-greenpin'],
    ['my-greenpin', {}, 'my-greenpin'],
    ['my.release', {}, 'my-release-greenpin'],
    ['1st', {}, 'g-1st-greenpin'],
    ['previews', { nameOverride: 'pins' }, 'previews-pins'],
    ['previews', { fullnameOverride: 'Any.Name' }, 'any-name'],
    [LONG, {}, `${LONG}-greenpin`],
    ['a', { fullnameOverride: 'b'.repeat(64) }, expect.stringMatching(/^b{54}-[0-9a-f]{8}$/)],
  ])('of the release %s with %j is %s', async ([release, values, wanted]) => {
    expect(await nameOf({ release, values })).toEqual(wanted);
  });

  it('stays the same when truncated, and differs from another name with the same beginning', async () => {
    const [one, again, two] = await Promise.all([cut('one'), cut('one'), cut('two')]);
    expect(one).toBe(again);
    expect(one).not.toBe(two);
  });

  it.skipIf(validator === '').for<Rendering>([
    { release: LONG, namespace: 'n'.repeat(63) },
    { release: '1.2.3', namespace: '123' },
    { values: { fullnameOverride: 'd'.repeat(200), nameOverride: 'e'.repeat(100) } },
    { values: { fullnameOverride: `${'f'.repeat(53)}-${'-'.repeat(9)}g`, nameOverride: '2.0' } },
    { release: 'greenpin', namespace: 'argocd' },
    {
      release: '123',
      values: { fullnameOverride: 'true', serviceAccount: { name: '1e3' } },
      namespace: '0x1f',
    },
  ])('is valid in every name of %j', async (rendering) => {
    const manifest = await render(command, { files: ['redis'], ...rendering });
    expect((await judge(validator, { manifest })).problems).toEqual([]);
    const objects = parseObjects(manifest);
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });
});
