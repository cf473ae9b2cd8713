/** The values in the chart's README render, and its commands name existing objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { pick, renderObjects, template } from './helm.ts';
import { CHART } from './values-file.ts';
import { readPage, readPages } from '../docs/pages.ts';
import { selectYamlKind } from '../docs/yaml-kind.ts';

const { helms } = inject('chartTools');
const command = helms[0]?.command ?? '';
const readme = readFileSync(join(CHART, 'README.md'), 'utf8');
const shown = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text ?? '');
const blocks = shown.filter((text) => !text.startsWith('dependencies:'));
/** Values of the chart on the pages of docs/. */
const documented = readPages()
  .filter(({ path }) => path.startsWith('docs/'))
  .flatMap((page) => page.blocks)
  .filter(({ language, text }) => language === 'yaml' && selectYamlKind(text) === 'values')
  .map(({ text }) => text);

describe.skipIf(helms.length === 0)('documented values', () => {
  it.for([...blocks, ...documented].map((text) => parse(text) as { config?: object }))(
    '%j render',
    async (own) => {
      const config = {
        connections: { github: { kind: 'github' } },
        projects: { shop: { repository: 'acme/shop', images: { front: 'ghcr.io/acme/front:{commit}' } } },
        ...own.config,
      };
      const values = { token: { existingSecret: 'a' }, ...own, config };
      const { status, stderr } = await template(command, { values });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    },
  );

  it('of the first installation are complete except for the token, which helm install generates', async () => {
    const [first = '', gitops = ''] = blocks;
    const values = { ...(parse(first) as object), ...(parse(gitops) as object) };
    const objects = await renderObjects(command, { values });
    expect(pick(objects, 'Deployment').metadata).toMatchObject({ name: 'greenpin', namespace: 'greenpin' });
  });
});

describe("Greenpin's own documentation", () => {
  const page = readPage('docs/install/helm.md');
  const values = parse(page.blocks.find(({ text }) => text.startsWith('config:'))?.text ?? '') as object;

  it.skipIf(helms.length === 0)('has complete values', async () => {
    const objects = await renderObjects(command, { values });
    expect(pick(objects, 'ConfigMap', 'greenpin')['data']).toMatchObject({
      baseUrl: 'http://greenpin.greenpin.svc:4355',
    });
    expect(JSON.stringify(pick(objects, 'Deployment'))).toContain('"name":"greenpin-secrets","key":"github"');
  });

  it("names the chart's version and objects", () => {
    const { version } = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string };
    expect(page.text).toContain(`oci://ghcr.io/greenpin/charts/greenpin --version ${version} `);
    expect(readPage('README.md').text).toContain(
      `oci://ghcr.io/greenpin/charts/greenpin --version ${version} `,
    );
    expect(readPage('docs/install/docker.md').text).toContain(`ghcr.io/greenpin/greenpin:${version}`);
    expect(page.text).toContain(
      'kubectl -n greenpin create secret generic greenpin-secrets --from-literal=github=',
    );
    expect(page.text).toContain('kubectl -n greenpin exec deploy/greenpin -- greenpin check');
  });
});

describe("the README's commands", () => {
  it("name the chart's version and the Secret that the values name", () => {
    const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string };
    expect(readme).toContain(`oci://ghcr.io/greenpin/charts/greenpin --version ${chart.version} `);
    expect(readme).toContain('create secret generic greenpin-secrets --from-literal=github=');
    expect(blocks[0]).toContain('{ secretName: greenpin-secrets, key: github }');
    expect(readme).toContain('create secret generic greenpin-token --from-file=token=');
    expect(blocks[1]).toContain('existingSecret: greenpin-token');
    const { dependencies } = parse(shown.find((text) => !blocks.includes(text)) ?? '') as {
      dependencies: unknown;
    };
    const repository = 'oci://ghcr.io/greenpin/charts';
    const { version } = chart;
    expect(dependencies).toEqual([{ name: 'greenpin', version, repository, condition: 'greenpin.enabled' }]);
  });
});
