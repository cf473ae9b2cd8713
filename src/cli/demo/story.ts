/** The demo's four scenes. Each checks that Greenpin answered what the text says. */
import type { DemoSandbox } from './sandbox.ts';
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

/** Greenpin answered something other than what the demo's text says. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

export interface Stage {
  readonly sandbox: DemoSandbox;
  /** @param form `verbatim` text is meant to be copied; other text wraps at the terminal's width */
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
/** The first pull request at the end of the story. */
export const FIRST_PUSHED: PullRequest = { ...FIRST, head_sha: 'abcdef0123456789abcdef0123456789abcdef01' };

/** @throws DemoFailure */
export async function playStory(stage: Stage): Promise<void> {
  const { sandbox, say } = stage;
  const first = buildGreen(sandbox, FIRST.branch, FIRST.head_sha, 120);
  const second = buildGreen(sandbox, SECOND.branch, SECOND_GREEN, 90);
  sandbox.build({ branch: SECOND.branch, commit: SECOND.head_sha, conclusion: 'failure', minutesAgo: 30 });

  await playGreen(stage, first);
  await playRed(stage, second);
  const pushed = await playOutage(stage, first);
  await playRecovery(stage, pushed);
  say(
    '\nThat is all: Greenpin answered only with images of green builds, and no fault took an environment away.',
  );
}

/** A green build and the digests that Greenpin must answer for it. */
interface Expected {
  readonly commit: string;
  readonly digests: Readonly<Record<string, string>>;
}

function buildGreen(sandbox: DemoSandbox, branch: string, commit: string, minutesAgo: number): Expected {
  return { commit, digests: sandbox.build({ branch, commit, conclusion: 'success', minutesAgo }) };
}

async function playGreen(stage: Stage, built: Expected): Promise<void> {
  heading(stage, '1. The newest build of pull request 1 is green. Argo CD asks what to run:');
  const call = await ask(stage, FIRST);
  stage.say(formatCall(call));
  expectAnswer(call, 'fresh', built);
  await explain(stage, FIRST);
}

async function playRed(stage: Stage, built: Expected): Promise<void> {
  heading(stage, '2. The newest build of pull request 2 is red. It keeps the green build before it:');
  const call = await ask(stage, SECOND);
  stage.say(formatCallInShort(call));
  expectAnswer(call, 'fresh', built);
  await explain(stage, SECOND);
}

/** @returns the new build, whose images the broken registry still hides */
async function playOutage(stage: Stage, before: Expected): Promise<Expected> {
  const { sandbox, say } = stage;
  heading(
    stage,
    '3. CI builds a new commit of pull request 1, and the registry goes down.\n   The environment keeps what it runs:',
  );
  const pushed = buildGreen(sandbox, FIRST.branch, FIRST_PUSHED.head_sha, 0);
  sandbox.registry.breakDown();
  sandbox.pass(30);
  const call = await ask(stage, FIRST_PUSHED);
  say(formatCallInShort(call));
  expectAnswer(call, 'stale', before);
  await explain(stage, FIRST_PUSHED);

  say(
    '\nPull request 3 is new. The demo keeps its answers in memory only, so nothing proves that pull request 3 never had an environment. It gets an error: an empty list would make Argo CD delete one. (With a persistent store, the default of serve, the proof exists: pull request 3 gets an empty list and delays nothing.)\n',
  );
  buildGreen(sandbox, THIRD.branch, THIRD.head_sha, 0);
  sandbox.pass(30);
  const refused = await ask(stage, THIRD);
  say(formatCall(refused));
  expect(refused.status === 502 && refused.body.output === undefined, 'an error for pull request 3', refused);
  return pushed;
}

async function playRecovery(stage: Stage, pushed: Expected): Promise<void> {
  heading(stage, '4. The registry is back. Pull request 1 moves on to its new build:');
  stage.sandbox.registry.restore();
  stage.sandbox.pass(30);
  const call = await ask(stage, FIRST_PUSHED);
  stage.say(formatCallInShort(call));
  expectAnswer(call, 'fresh', pushed);
}

function heading({ say, paint }: Stage, text: string): void {
  say(`\n${paint('bold', text)}\n`);
}

async function ask({ sandbox, say, paint }: Stage, pullRequest: PullRequest): Promise<Call> {
  const [first = '', ...others] = formatCommand(sandbox, pullRequest).split('\n');
  say([`$ ${first}`, ...others].map((line) => paint('dim', line)).join('\n'), 'verbatim');
  return sendCall(sandbox, pullRequest);
}

async function explain({ sandbox, say, paint }: Stage, pullRequest: PullRequest): Promise<void> {
  const request = parseBranchRequest({ ...pullRequest }, sandbox.config.projects);
  const report = createResolveReport(request, await sandbox.service.core.resolve(request));
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
    throw new DemoFailure(`the demo expected ${what}, but Greenpin answered something else (HTTP ${status})`);
}
