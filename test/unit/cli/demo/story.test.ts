import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DemoFailure, playStory } from '../../../../src/cli/demo/story.ts';
import { createDemoSandbox, type DemoBuild, type DemoSandbox } from '../../../../src/cli/demo/sandbox.ts';

let sandbox: DemoSandbox;
let said: string[];

beforeEach(async () => {
  said = [];
  sandbox = await createDemoSandbox(0, '0.0.0-test');
});
afterEach(() => sandbox.stop());

function play(changes: Partial<DemoSandbox> = {}): Promise<void> {
  return playStory({
    sandbox: { ...sandbox, ...changes },
    say: (text = '') => said.push(text),
    paint: (_format, text) => text,
  });
}

/** Builds green, whatever CI's conclusion. */
function buildGreen(build: DemoBuild): Readonly<Record<string, string>> {
  return sandbox.build({ ...build, conclusion: 'success' });
}

/** The number of scenes that began. */
function scenes(): number {
  return said.filter((text) => /^\n\d\. /.test(text)).length;
}

test('the story ends when all comes out as it says', async () => {
  await play();
  expect(scenes()).toBe(4);
});

test('the story is the same with GitLab', async () => {
  await sandbox.stop();
  sandbox = await createDemoSandbox(0, '0.0.0-test', 'gitlab');
  await play();
  expect(scenes()).toBe(4);
  expect(said.join('\n')).toContain('acme/shop-front:1a2b3c4d');
});

describe('the story fails when something comes out otherwise:', () => {
  test('another digest than the one that was pushed', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const build: DemoSandbox['build'] = (given) => ({ ...sandbox.build(given), front: digest });
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
    const registry = { ...sandbox.registry, breakDown: () => undefined };
    await expect(play({ registry })).rejects.toThrow(/^the demo expected a stale answer /);
    expect(scenes()).toBe(3);
  });

  test('no new answer when the registry is back', async () => {
    const registry = { ...sandbox.registry, restore: () => undefined };
    await expect(play({ registry })).rejects.toThrow(DemoFailure);
    expect(scenes()).toBe(4);
  });
});
