import { expect, test } from 'vitest';
import { createPinMemory } from '../../../src/answers/pin-memory.ts';
import { createPins } from '../../../src/resolve/pins.ts';
import type { BranchRequest, Project } from '../../../src/resolve/types.ts';
import {
  createBuild,
  createImageRule,
  createPinnedImage,
  createProject,
  createRequest,
  digest,
  sha,
} from '../../fixtures/builders.ts';

const RULE = createImageRule('front');
const BUILD = createBuild({ id: '7' });
const IMAGE = createPinnedImage(RULE, BUILD, { digest: digest('f7') });

/** What was proven for `createRequest()` is known to a question that differs from it. */
function known(given: Partial<BranchRequest>, project: Partial<Project> = {}): boolean {
  const memory = createPinMemory();
  createPins({ kind: 'nothing' }, createRequest(), memory).note({ build: BUILD, images: { front: IMAGE } });
  const request = createRequest({ project: createProject(project), ...given });
  return createPins({ kind: 'nothing' }, request, memory).before(RULE, BUILD) !== undefined;
}

test('a proven digest is found again for the same build and rule', () => {
  expect(known({})).toBe(true);
});

test.each<[string, Partial<BranchRequest>, Partial<Project>]>([
  ['repository', {}, { gitRepository: 'acme/other' }],
  ['connection', {}, { ci: 'other' }],
  ['branch', { branch: 'other' }, {}],
  ['pull request', { number: '5' }, {}],
])('a digest is not known to another %s', (_name, given, project) => {
  expect(known(given, project)).toBe(false);
});

test('a digest is found for its own commit and rule only', () => {
  const memory = createPinMemory();
  const pins = createPins({ kind: 'nothing' }, createRequest(), memory);
  pins.note({ build: BUILD, images: { front: IMAGE } });
  expect(pins.before(RULE, { builtCommit: sha('8') })).toBeUndefined();
  const elsewhere = createImageRule('front', { text: 'registry.test/other/front:{commit}' });
  expect(pins.before(elsewhere, BUILD)).toBeUndefined();
});
