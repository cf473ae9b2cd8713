/** `greenpin demo`: the documented matrix example from end to end, on loopback. */
import { createDemoWorld, type DemoWorld } from '../demo/world.ts';
import { parseGetParams } from '../http/parameters.ts';
import { loadCommandConfig, type CommandContext } from './context.ts';
import { createResolveReport } from './resolve-report.ts';
import { formatResolveReport } from './resolve-text.ts';
import { createPaint, type Paint } from './style.ts';

export interface DemoOptions {
  readonly keep?: boolean;
  readonly port?: number;
}

/** The port of Argo CD's documented example. */
const DOCUMENTED_PORT = 4355;
const FIRST = {
  branch: 'feature-branch-1',
  number: '1',
  head_sha: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
};
const SECOND = {
  branch: 'feature-branch-2',
  number: '2',
  head_sha: '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c',
};
const SECOND_GREEN = '0c1d2e3f405162738495a6b7c8d9eaf00c1d2e3f';
const NEXT = 'abcdef0123456789abcdef0123456789abcdef01';

/** What happened is said in the exit status too: a demo that shows something else than it says is a failure. */
class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

interface Call {
  readonly status: number;
  readonly freshness: string | null;
  readonly body: string;
}

/** @returns exit status: 0 everything came out as it says, 1 it did not */
export async function demo(options: DemoOptions, context: CommandContext): Promise<number> {
  const { stdout, stderr, version } = context;
  const paint = createPaint(stdout);
  const say = (text = ''): void => void stdout.write(`${text}\n`);
  const world = await createDemoWorld({
    port: options.port ?? (options.keep === true ? DOCUMENTED_PORT : 0),
    version,
    loadConfig: (file) => loadCommandConfig({ config: file }, context),
  });
  try {
    await playStory(world, say, paint);
    if (options.keep === true) await keepRunning(world, say, context);
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    stderr.write(`greenpin: ${error.message}\n`);
    return 1;
  } finally {
    await world.stop();
  }
}

type Say = (text?: string) => void;

async function playStory(world: DemoWorld, say: Say, paint: Paint): Promise<void> {
  const heading = (text: string): void => say(`\n${paint('bold', `== ${text}`)}\n`);
  say(`A GitHub, a registry and Greenpin are running on loopback; the plugin is at ${world.url}.`);
  world.build(FIRST.branch, FIRST.head_sha, 'success');
  world.build(SECOND.branch, SECOND_GREEN, 'success');
  world.build(SECOND.branch, SECOND.head_sha, 'failure');

  heading('1. Argo CD asks for the first pull request: its build is green');
  expectCall(await call(world, FIRST, say), 'fresh', FIRST.head_sha);
  await explain(world, FIRST, say, paint);

  heading('2. ... and for the second one: its newest build is red, so it runs the green one before');
  expectCall(await call(world, SECOND, say), 'fresh', SECOND_GREEN);
  await explain(world, SECOND, say, paint);

  heading('3. CI builds a new commit for the first, and the registry breaks down: the environment stays');
  const pushed = { ...FIRST, head_sha: NEXT };
  world.build(FIRST.branch, NEXT, 'success');
  world.registry.breakDown();
  world.pass(30);
  expectCall(await call(world, pushed, say), 'stale', FIRST.head_sha);
  expectCall(await call(world, SECOND, say), 'fresh', SECOND_GREEN);

  heading('4. The registry is back: the environment moves to the new build');
  world.registry.mend();
  world.pass(30);
  expectCall(await call(world, pushed, say), 'fresh', NEXT);
  say('\nDone: only what CI built was handed out, and nothing went away.');
}

type Parameters = typeof FIRST;

/** Sends what the controller sends, and shows it as the command that a reader could type. */
async function call({ url, token }: DemoWorld, parameters: Parameters, say: Say): Promise<Call> {
  const path = `${url}/api/v1/getparams.execute`;
  const data = JSON.stringify({
    applicationSetName: 'shop-previews',
    input: { parameters: { project: 'shop', ...parameters } },
  });
  say(`$ curl ${path} -H 'Authorization: Bearer ${token}' -d '${data}'`);
  const response = await fetch(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: data,
  });
  const body = await response.text();
  const freshness = response.headers.get('greenpin-freshness');
  say(`HTTP ${response.status}, Greenpin-Freshness: ${freshness}, Age: ${response.headers.get('age')}`);
  say(JSON.stringify(JSON.parse(body), null, 2));
  return { status: response.status, freshness, body };
}

function expectCall({ status, freshness, body }: Call, expected: 'fresh' | 'stale', commit: string): void {
  if (status === 200 && freshness === expected && body.includes(`"commit":"${commit}"`)) return;
  throw new DemoFailure(
    `the demo expected a ${expected} answer with commit ${commit}, and got HTTP ${status}`,
  );
}

async function explain(world: DemoWorld, parameters: Parameters, say: Say, paint: Paint): Promise<void> {
  const request = parseGetParams({ input: { parameters } }, world.config.projects);
  const report = createResolveReport(request, await world.service.core.resolve(request));
  say(`\nWhy? (greenpin resolve)\n\n${formatResolveReport(report, paint)}`);
}

async function keepRunning(world: DemoWorld, say: Say, { stopSignal }: CommandContext): Promise<void> {
  say(`\nStill running; try it, and end it with Ctrl-C:\n`);
  say(`curl ${world.url}/api/v1/getparams.execute -H 'Authorization: Bearer ${world.token}' \\`);
  say(`  -d '{"input": {"parameters": {"branch": "${FIRST.branch}"}}}'`);
  const signal = stopSignal();
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
