/** One new pull request while an upstream fails must not freeze all the others (design §2, last row of the table), over HTTP. */
import { expect, it } from 'vitest';
import { FRESH_FOR, REPOSITORY } from '../fixtures/plugin-config.ts';
import { createPluginWorld } from '../fixtures/plugin-world.ts';

const STATUS = { kind: 'status', status: 503 } as const;

it('gets an empty list, stale, while the registry fails, where the store proves that nothing was handed out', async () => {
  await using world = await createPluginWorld();
  const known = world.build('feature');
  expect(await world.ask({ number: 1 })).toMatchObject({ status: 200, answer: known.pinned });
  // The fake opens pull request N in the N-th minute of the day; the plugin began to write its store down at six.
  world.pass(4 * 3600);
  const built = world.build('new');
  world.github.addPullRequest(REPOSITORY, 500);
  world.registry.fault(STATUS);
  const asked = { branch: 'new', number: 500 };
  expect(await world.ask(asked)).toMatchObject({ status: 200, answer: 'nothing', freshness: 'stale' });
  expect(await world.ask({ number: 1 })).toMatchObject({ status: 200, answer: known.pinned });
  world.registry.heal();
  world.pass(120);
  expect(await world.ask(asked)).toMatchObject({ status: 200, answer: built.pinned, freshness: 'fresh' });
  world.registry.fault(STATUS);
  world.pass(FRESH_FOR);
  expect(await world.ask(asked)).toMatchObject({ status: 200, answer: built.pinned });
});

it('gets an error where the pull request is older than the store, which may have lost what was handed out', async () => {
  await using world = await createPluginWorld();
  world.build('old');
  world.github.addPullRequest(REPOSITORY, 300);
  world.registry.fault(STATUS);
  expect(await world.ask({ branch: 'old', number: 300 })).toMatchObject({ status: 502 });
});

it('gets an error while CI cannot tell when it was opened', async () => {
  await using world = await createPluginWorld();
  world.pass(4 * 3600);
  world.github.fault(STATUS);
  expect(await world.ask({ branch: 'new', number: 500 })).toMatchObject({ status: 502 });
});

it('gets an empty list while CI lists no runs, but tells when the pull request was opened', async () => {
  await using world = await createPluginWorld();
  world.pass(4 * 3600);
  world.github.addPullRequest(REPOSITORY, 500);
  world.github.fault(STATUS, Infinity, /actions\/runs/);
  expect(await world.ask({ branch: 'new', number: 500 })).toMatchObject({
    status: 200,
    answer: 'nothing',
    freshness: 'stale',
  });
});
