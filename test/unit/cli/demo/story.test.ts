import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DemoFailure, playStory } from '../../../../src/cli/demo/story.ts';
import { createDemoWorld, type DemoBuild, type DemoWorld } from '../../../../src/cli/demo/sandbox.ts';

let world: DemoWorld;
let said: string[];

beforeEach(async () => {
  said = [];
  world = await createDemoWorld(0, '0.0.0-test');
});
afterEach(() => world.stop());

function play(changes: Partial<DemoWorld> = {}): Promise<void> {
  return playStory({
    world: { ...world, ...changes },
    say: (text = '') => said.push(text),
    paint: (_format, text) => text,
  });
}

/** Whatever CI says. */
function buildGreen(build: DemoBuild): Readonly<Record<string, string>> {
  return world.build({ ...build, conclusion: 'success' });
}

/** How many scenes were begun. */
function scenes(): number {
  return said.filter((text) => /^\n\d\. /.test(text)).length;
}

test('the story ends when all comes out as it says', async () => {
  await play();
  expect(scenes()).toBe(4);
});

describe('the story fails when something comes out otherwise:', () => {
  test('another digest than the one that was pushed', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const build: DemoWorld['build'] = (given) => ({ ...world.build(given), front: digest });
    await expect(play({ build })).rejects.toThrow(DemoFailure);
    expect(scenes()).toBe(1);
  });

  test('the newest build, although it is red', async () => {
    await expect(play({ build: buildGreen })).rejects.toThrow(
      /^the demo expected a fresh answer with the images of 0c1d/,
    );
    expect(scenes()).toBe(2);
  });

  test('a fresh answer while the registry is down', async () => {
    const registry = { ...world.registry, breakDown: () => undefined };
    await expect(play({ registry })).rejects.toThrow(/^the demo expected a stale answer /);
    expect(scenes()).toBe(3);
  });

  test('no new answer when the registry is back', async () => {
    const registry = { ...world.registry, mend: () => undefined };
    await expect(play({ registry })).rejects.toThrow(DemoFailure);
    expect(scenes()).toBe(4);
  });
});
