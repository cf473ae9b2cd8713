/** One new pull request while an upstream fails must not freeze all the others (design §2, last row of the table), over HTTP. */
import { expect, it } from 'vitest';
import { FRESH_FOR, REPOSITORY } from '../fixtures/plugin/config.ts';
import { createPluginHarness } from '../fixtures/plugin/harness.ts';

const STATUS = { kind: 'status', status: 503 } as const;

it('gets an empty list, stale, while the registry fails, where the store proves that nothing was handed out', async () => {
  await using harness = await createPluginHarness();
  const known = harness.build('feature');
  expect(await harness.ask({ number: 1 })).toMatchObject({ status: 200, answer: known.pinned });
  // The fake opens pull request N in the N-th minute of the day; the plugin began to write its store down at six.
  harness.pass(4 * 3600);
  const built = harness.build('new');
  harness.github.addPullRequest(REPOSITORY, 500);
  harness.registry.fault(STATUS);
  const asked = { branch: 'new', number: 500 };
  expect(await harness.ask(asked)).toMatchObject({ status: 200, answer: 'nothing', freshness: 'stale' });
  expect(await harness.ask({ number: 1 })).toMatchObject({ status: 200, answer: known.pinned });
  harness.registry.heal();
  harness.pass(120);
  expect(await harness.ask(asked)).toMatchObject({ status: 200, answer: built.pinned, freshness: 'fresh' });
  harness.registry.fault(STATUS);
  harness.pass(FRESH_FOR);
  expect(await harness.ask(asked)).toMatchObject({ status: 200, answer: built.pinned });
});

it('gets an error where the pull request is older than the store, which may have lost what was handed out', async () => {
  await using harness = await createPluginHarness();
  harness.build('old');
  harness.github.addPullRequest(REPOSITORY, 300);
  harness.registry.fault(STATUS);
  expect(await harness.ask({ branch: 'old', number: 300 })).toMatchObject({ status: 502 });
});

it('gets an error while CI cannot tell when it was opened', async () => {
  await using harness = await createPluginHarness();
  harness.pass(4 * 3600);
  harness.github.fault(STATUS);
  expect(await harness.ask({ branch: 'new', number: 500 })).toMatchObject({ status: 502 });
});

it('gets an empty list while CI lists no runs, but tells when the pull request was opened', async () => {
  await using harness = await createPluginHarness();
  harness.pass(4 * 3600);
  harness.github.addPullRequest(REPOSITORY, 500);
  harness.github.fault(STATUS, { path: /actions\/runs/ });
  expect(await harness.ask({ branch: 'new', number: 500 })).toMatchObject({
    status: 200,
    answer: 'nothing',
    freshness: 'stale',
  });
});
