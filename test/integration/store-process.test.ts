/** What processes remember of each other by way of the file, and what commands leave behind. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { readReply } from '../fixtures/plugin/reply.ts';
import { createCliHarness, type CliHarness } from '../fixtures/cli/harness.ts';

const COMMIT = '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';

/** Serves until `use` is done; then the process is killed. */
async function serve<T>(harness: CliHarness, use: (url: string) => Promise<T>): Promise<T> {
  const { child, ended, ...cli } = harness.start(['serve']);
  try {
    const log = await cli.seen('stderr', /"listening"/);
    return await use(/"server":"([^"]+)"/.exec(log)?.[1] ?? '');
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function countAnswers(harness: CliHarness): unknown {
  const database = new DatabaseSync(join(harness.folder, 'greenpin.db'), { readOnly: true });
  try {
    return database.prepare('SELECT count(*) AS n FROM last_good').get()?.['n'];
  } catch {
    return undefined;
  } finally {
    database.close();
  }
}

async function ask(harness: CliHarness, url: string) {
  const response = await fetch(`${url}/api/v1/getparams.execute`, {
    method: 'POST',
    headers: { authorization: `Bearer ${harness.token}` },
    body: '{"input":{"parameters":{"branch":"feature"}}}',
  });
  return readReply(response);
}

it('what was handed out before kill -9 is handed out after it, while CI is down', async () => {
  await using harness = await createCliHarness();
  const digests = harness.build(COMMIT);
  const answer = { commit: COMMIT, ...digests };
  expect(await serve(harness, (url) => ask(harness, url))).toMatchObject({ freshness: 'fresh', answer });
  harness.github.fault({ kind: 'status', status: 503 });
  expect(await serve(harness, (url) => ask(harness, url))).toMatchObject({ freshness: 'stale', answer });
  expect(existsSync(join(harness.folder, 'greenpin.db'))).toBe(true);
});

it('a file that is not a database keeps the plugin from starting, in one line, and is left as it was', async () => {
  await using harness = await createCliHarness();
  harness.write('greenpin.db', 'something else\n');
  const { status, stderr } = await harness.run(['serve']);
  expect(stderr).toBe(
    'greenpin: store.path: found a file that is not a database at "greenpin.db", expected Greenpin\'s own database, or a path where it can create one; nothing was overwritten\n',
  );
  expect(status).toBe(2);
  expect(readFileSync(join(harness.folder, 'greenpin.db'), 'utf8')).toBe('something else\n');
});

it('a second process on one file does not start, in one line, while the first one goes on and check looks at it', async () => {
  await using harness = await createCliHarness();
  const answer = { commit: COMMIT, ...harness.build(COMMIT) };
  await serve(harness, async (url) => {
    expect(await ask(harness, url)).toMatchObject({ freshness: 'fresh', answer });
    const second = await harness.run(['serve']);
    expect(second.stderr).toBe(
      'greenpin: store.path: found a file in use by another Greenpin process at "greenpin.db", expected a separate file for each process; stop the other process, or use store.kind: redis for both\n',
    );
    expect(second.status).toBe(2);
    expect(await harness.run(['check'])).toMatchObject({ status: 0 });
    expect(await ask(harness, url)).toMatchObject({ status: 200, answer });
  });
});

it('a file that is deleted under the process is made anew, and a restart loses nothing', async () => {
  await using harness = await createCliHarness();
  const answer = { commit: COMMIT, ...harness.build(COMMIT) };
  await serve(harness, async (url) => {
    await ask(harness, url);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(harness.folder, `greenpin.db${suffix}`));
    await expect.poll(() => existsSync(join(harness.folder, 'greenpin.db')), { timeout: 10_000 }).toBe(true);
    await expect.poll(() => countAnswers(harness), { timeout: 10_000 }).toBe(1);
  });
  harness.github.fault({ kind: 'status', status: 503 });
  expect(await serve(harness, (url) => ask(harness, url))).toMatchObject({ freshness: 'stale', answer });
});

it('a start says nothing but that it listens, and makes the file where it is configured', async () => {
  await using harness = await createCliHarness();
  harness.configure({ store: { kind: 'sqlite', path: './kept.db' } });
  const { child, ended, ...cli } = harness.start(['serve']);
  await cli.seen('stderr', /"listening"/);
  child.kill('SIGTERM');
  const { status, stderr } = await ended;
  expect(stderr.trimEnd().split('\n')).toHaveLength(3);
  expect(status).toBe(0);
  // Closed in order: what was in the log beside it is in the file.
  expect(readdirSync(harness.folder).filter((name) => name.includes('.db'))).toEqual(['kept.db']);
});

it.each([
  ['resolve', '--branch', 'feature'],
  ['check'],
  ['digest', '--config', 'greenpin.yaml', 'REGISTRY/acme/shop-front:sha-1a2b3c4'],
  ['schema'],
  ['demo'],
])('%s makes no file', async (...args) => {
  await using harness = await createCliHarness();
  harness.build(COMMIT);
  const { status } = await harness.run(args.map((arg) => arg.replace('REGISTRY', harness.registry.host)));
  expect(status).toBe(0);
  expect(readdirSync(harness.folder).filter((name) => name.includes('.db'))).toEqual([]);
});
