import { expect, test } from 'vitest';
import { createParameterSet } from '../../../../src/wire/argocd/parameter-set.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  digest,
} from '../../../fixtures/builders.ts';

const FRONT = createImageRule('front');
const BACK = createImageRule('back', { handOut: 'mirror.test:5000/cache/back' });
const project = createProject({ images: [FRONT, BACK] });
const build = createBuild({ id: '7' });
const images = {
  front: createPinnedImage(FRONT, build, { digest: digest('f7') }),
  back: createPinnedImage(BACK, build, { digest: digest('b7') }),
};

test("handOut takes the place of its image's repository, and of nothing else", () => {
  const { front, back } = images;
  expect(createParameterSet({ build, images }, { project })).toMatchObject({
    digestFront: front.digest,
    digestBack: back.digest,
    images: {
      front: {
        reference: `registry.test/shop/front@${front.digest}`,
        repository: 'registry.test/shop/front',
        tag: front.tag,
        digest: front.digest,
      },
      back: {
        reference: `mirror.test:5000/cache/back@${back.digest}`,
        repository: 'mirror.test:5000/cache/back',
        tag: back.tag,
        digest: back.digest,
      },
    },
  });
  expect(back.repository).toBe('registry.test/shop/back');
});
