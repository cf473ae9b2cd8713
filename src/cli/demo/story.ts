/** What the demo plays: four scenes, each of which checks that it came out as it says. */
import type { DemoWorld } from './sandbox.ts';
import { parseBranchRequest } from '../../wire/argocd/request.ts';
import {
  formatCall,
  formatCallInShort,
  formatCommand,
  sendCall,
  type Call,
  type PullRequest,
} from './call.ts';
import { createResolveReport } from '../../answers/report.ts';
import { formatResolveReport } from '../resolve/text.ts';
import type { Colors } from '../terminal/colors.ts';

/** A demo that shows something else than it says is a failure. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

export interface Stage {
  readonly world: DemoWorld;
  /** @param form `verbatim`: to be copied; else it may be broken into lines of the terminal's width */
  readonly say: (text?: string, form?: 'verbatim') => void;
  readonly paint: Colors;
}

const FIRST: PullRequest = {
  branch: 'feature-branch-1',
  number: '1',
  head_sha: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
};
const SECOND: PullRequest = {
  branch: 'feature-branch-2',
  number: '2',
  head_sha: '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c',
};
const THIRD: PullRequest = {
  branch: 'feature-branch-3',
  number: '3',
  head_sha: '77777777777777777777777777777777deadbeef',
};
const SECOND_GREEN = '0c1d2e3f405162738495a6b7c8d9eaf00c1d2e3f';
/** The first pull request at the story's end. */
export const FIRST_PUSHED: PullRequest = { ...FIRST, head_sha: 'abcdef0123456789abcdef0123456789abcdef01' };

/** @throws DemoFailure */
export async function playStory(stage: Stage): Promise<void> {
  const { world, say } = stage;
  const first = buildOf(world, FIRST.branch, FIRST.head_sha, 120);
  const second = buildOf(world, SECOND.branch, SECOND_GREEN, 90);
  world.build({ branch: SECOND.branch, commit: SECOND.head_sha, conclusion: 'failure', minutesAgo: 30 });

  await playGreen(stage, first);
  await playRed(stage, second);
  const pushed = await playOutage(stage, first);
  await playRecovery(stage, pushed);
  say(
    '\nThat was all: only what CI had built and found green was handed out, and no fault took anything away.',
  );
}

/** A green build, and what must be handed out for it. */
interface Expected {
  readonly commit: string;
  readonly digests: Readonly<Record<string, string>>;
}

function buildOf(world: DemoWorld, branch: string, commit: string, minutesAgo: number): Expected {
  return { commit, digests: world.build({ branch, commit, conclusion: 'success', minutesAgo }) };
}

async function playGreen(stage: Stage, built: Expected): Promise<void> {
  heading(stage, '1. The newest build of pull request 1 is green. Argo CD asks what to run:');
  const call = await ask(stage, FIRST);
  stage.say(formatCall(call));
  expectAnswer(call, 'fresh', built);
  await explain(stage, FIRST);
}

async function playRed(stage: Stage, built: Expected): Promise<void> {
  heading(stage, '2. The newest build of pull request 2 is red. It runs the green one before:');
  const call = await ask(stage, SECOND);
  stage.say(formatCallInShort(call));
  expectAnswer(call, 'fresh', built);
  await explain(stage, SECOND);
}

/** @returns the new build */
async function playOutage(stage: Stage, before: Expected): Promise<Expected> {
  const { world, say } = stage;
  heading(
    stage,
    '3. CI builds a new commit of pull request 1, and the registry goes down.\n   What runs stays:',
  );
  const pushed = buildOf(world, FIRST.branch, FIRST_PUSHED.head_sha, 0);
  world.registry.breakDown();
  world.pass(30);
  const call = await ask(stage, FIRST_PUSHED);
  say(formatCallInShort(call));
  expectAnswer(call, 'stale', before);
  await explain(stage, FIRST_PUSHED);

  say(
    '\nPull request 3 is new, and the demo keeps what it handed out in memory only. So nothing proves that pull request 3 never had anything: it gets an error, since an empty list would tell Argo CD to delete. (A store that lasts, as serve has by default, has the proof. There it gets an empty list, and holds nobody up.)\n',
  );
  buildOf(world, THIRD.branch, THIRD.head_sha, 0);
  world.pass(30);
  const refused = await ask(stage, THIRD);
  say(formatCall(refused));
  expect(refused.status === 502 && refused.body.output === undefined, 'an error for pull request 3', refused);
  return pushed;
}

async function playRecovery(stage: Stage, pushed: Expected): Promise<void> {
  heading(stage, '4. The registry is back. Pull request 1 moves on to its new build:');
  stage.world.registry.mend();
  stage.world.pass(30);
  const call = await ask(stage, FIRST_PUSHED);
  stage.say(formatCallInShort(call));
  expectAnswer(call, 'fresh', pushed);
}

function heading({ say, paint }: Stage, text: string): void {
  say(`\n${paint('bold', text)}\n`);
}

async function ask({ world, say, paint }: Stage, pullRequest: PullRequest): Promise<Call> {
  const [first = '', ...others] = formatCommand(world, pullRequest).split('\n');
  say([`$ ${first}`, ...others].map((line) => paint('dim', line)).join('\n'), 'verbatim');
  return sendCall(world, pullRequest);
}

async function explain({ world, say, paint }: Stage, pullRequest: PullRequest): Promise<void> {
  const request = parseBranchRequest({ ...pullRequest }, world.config.projects);
  const report = createResolveReport(request, await world.service.core.resolve(request));
  const text = formatResolveReport(report, paint);
  say(`\nWhy? (greenpin resolve)\n\n${text.replaceAll(/^(?=.)/gm, '  ')}`);
}

function expectAnswer(call: Call, freshness: 'fresh' | 'stale', { commit, digests }: Expected): void {
  const [set, ...others] = call.body.output?.parameters ?? [];
  const asExpected =
    call.status === 200 &&
    call.freshness === freshness &&
    others.length === 0 &&
    set?.build.commit === commit &&
    set.digestFront === digests['front'] &&
    set.digestBack === digests['back'];
  expect(asExpected, `a ${freshness} answer with the images of ${commit}`, call);
}

function expect(asExpected: boolean, what: string, { status }: Call): void {
  if (!asExpected)
    throw new DemoFailure(`the demo expected ${what}, and got something else (HTTP ${status})`);
}
