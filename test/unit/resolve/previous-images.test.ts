/** Images of earlier builds, by an image's own workflow, and how old an answer is. */
import { expect, it } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import { resolveBranch } from '../../../src/resolve/resolve-branch.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import {
  createImageRule,
  createProject,
  createRequest,
  createRun,
  digest,
  sha,
} from '../../fixtures/builders.ts';
import { createFakeRegistry, createFakeRunSource } from '../../fixtures/fake-ports.ts';

const DOCS = '.github/workflows/docs.yml';
const project = createProject({
  workflows: [],
  images: [createImageRule('front'), createImageRule('docs', { workflow: DOCS, onMissing: 'previous' })],
});

const tagOf = (name: string, id: string) => `registry.test/shop/${name}:sha-${sha(id).slice(0, 7)}`;

it('an image comes from the newest of the earlier builds that ran its workflow', async () => {
  const docs = ['8', '7', '6'].map((id) =>
    createRun({ id: `1${id}`, commit: sha(id), position: Number(id) * 1000, workflow: DOCS }),
  );
  const runs = createFakeRunSource([...['9', '8', '7', '6'].map((id) => createRun({ id })), ...docs]);
  const images = createFakeRegistry({
    [tagOf('front', '9')]: digest('f9'),
    ...Object.fromEntries(['8', '7', '6'].map((id) => [tagOf('docs', id), digest(`d${id}`)])),
  });
  const ports = { runs, images, lastGood: createMemoryStore(), pins: createPinMemory() };
  const { decision } = await resolveBranch(createRequest({ project }), ports);
  expect(decision).toMatchObject({
    set: {
      build: { commit: sha('9') },
      images: { front: { digest: digest('f9') }, docs: { digest: digest('d8') } },
    },
  });
});

it('an answer is as old as the oldest of its images', async () => {
  const ages = new Map([
    ['front', 500],
    ['back', 700],
  ]);
  const runs = createFakeRunSource([createRun({ id: '9' })]);
  const registry = createFakeRegistry();
  const images = {
    ...registry,
    async readDigest(reference: string) {
      const name = /shop\/(\w+):/.exec(reference)?.[1] ?? '';
      const asOf = ages.get(name) ?? 0;
      const repository = `registry.test/shop/${name}`;
      return { kind: 'found' as const, repository, tag: 'x', digest: digest('f9'), asOf, askedAt: 1000 };
    },
  };
  const ports = { runs, images, lastGood: createMemoryStore(), pins: createPinMemory() };
  for (const _ of ages) {
    const { decision } = await resolveBranch(createRequest(), ports);
    expect(decision).toMatchObject({ kind: 'answered', asOf: 500 });
    ages.set('front', 700).set('back', 500);
  }
});
