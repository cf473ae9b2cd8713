import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { load } from '../../fixtures/config/configurations.ts';

const EXAMPLE = readFileSync(new URL('../../../greenpin.example.yaml', import.meta.url), 'utf8');

it('the example is a configuration', () => {
  const config = load(EXAMPLE, { GITHUB_TOKEN: 'x' });
  expect(config.connections.get('github')?.auth).toEqual({ kind: 'tokenEnv', env: 'GITHUB_TOKEN' });
  expect(config.projects.get('shop')?.images.map(({ template }) => template.text)).toEqual([
    'ghcr.io/acme/shop-front:sha-{commit}',
    'ghcr.io/acme/shop-back:sha-{commit}',
  ]);
});

it('what the example says of a value with a default is the default', () => {
  const defaults = load(
    `
connections: {github: {kind: github, tokenEnv: GITHUB_TOKEN}}
projects:
  shop:
    repository: acme/shop
    workflows: [.github/workflows/build.yml]
    images:
      front: ghcr.io/acme/shop-front:sha-{commit}
      back: {reference: 'ghcr.io/acme/shop-back:sha-{commit}', platform: linux/amd64}
`,
    { GITHUB_TOKEN: 'x' },
  );
  const { registries: _, dockerConfigFiles: __, ...example } = load(EXAMPLE, { GITHUB_TOKEN: 'x' });
  expect(defaults).toMatchObject(example);
});

it("the example's alternatives in comments are valid as well", () => {
  const other = EXAMPLE.replace(/^( +)tokenEnv: GITHUB_TOKEN$/m, '').replace(/^( +)# (app: )/m, '$1$2');
  expect(load(other).connections.get('github')?.auth.kind).toBe('app');
  const [, kind = ''] = /^# (store: \{ kind: redis, .*)$/m.exec(EXAMPLE) ?? [];
  const stored = EXAMPLE.replace(/^store:\n(?:  .*\n)+/m, `${kind}\n`);
  expect(load(stored, { GITHUB_TOKEN: 'x' }).store).toMatchObject({ kind: 'redis' });
});
