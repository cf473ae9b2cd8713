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

function createPullRequest(number: string, head_sha: string): PullRequest {
  return { branch: `feature-branch-${number}`, number, head_sha };
}

const FIRST = createPullRequest('1', '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d');
const SECOND = createPullRequest('2', '9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c');
const THIRD = createPullRequest('3', '77777777777777777777777777777777deadbeef');
const SECOND_GREEN = '0c1d2e3f405162738495a6b7c8d9eaf00c1d2e3f';
/** The first pull request at the end of the story. */
export const FIRST_PUSHED: PullRequest = { ...FIRST, head_sha: 'abcdef0123456789abcdef0123456789abcdef01' };

/** @throws DemoFailure */
export async function playStory(stage: Stage): Promise<void> {
  const { sandbox, say } = stage;
  const first = buildGreen(sandbox, FIRST, 120);
  const second = buildGreen(sandbox, { ...SECOND, head_sha: SECOND_GREEN }, 90);
  sandbox.build({ branch: SECOND.branch, commit: SECOND.head_sha, conclusion: 'failure', minutesAgo: 30 });

  heading(stage, '1. The newest build of pull request 1 is green. Argo CD asks what to run:');
  await show(stage, FIRST, formatCall, 'fresh', first);
  await explain(stage, FIRST);

  heading(stage, '2. The newest build of pull request 2 is red. It keeps the green build before it:');
  await show(stage, SECOND, formatCallInShort, 'fresh', second);
  await explain(stage, SECOND);

  heading(
    stage,
    '3. CI builds a new commit of pull request 1, and the registry goes down.\n   The environment keeps what it runs:',
  );
  const pushed = buildGreen(sandbox, FIRST_PUSHED, 0);
  sandbox.registry.breakDown();
  sandbox.pass(30);
  await show(stage, FIRST_PUSHED, formatCallInShort, 'stale', first);
  await explain(stage, FIRST_PUSHED);
  await showRefusal(stage);

  heading(stage, '4. The registry is back. Pull request 1 moves on to its new build:');
  sandbox.registry.restore();
  sandbox.pass(30);
  await show(stage, FIRST_PUSHED, formatCallInShort, 'fresh', pushed);
  say(
    '\nThat is all: Greenpin answered only with images of green builds, and no fault took an environment away.',
  );
}

/** A green build and the digests that Greenpin must answer for it. */
interface Expected {
  readonly commit: string;
  readonly digests: Readonly<Record<string, string>>;
}

function buildGreen(sandbox: DemoSandbox, { branch, head_sha }: PullRequest, minutesAgo: number): Expected {
  const digests = sandbox.build({ branch, commit: head_sha, conclusion: 'success', minutesAgo });
  return { commit: head_sha, digests };
}

/** Shows a call and its answer, which must be the expected build. */
async function show(
  stage: Stage,
  pullRequest: PullRequest,
  format: (call: Call) => string,
  freshness: 'fresh' | 'stale',
  { commit, digests }: Expected,
): Promise<void> {
  const call = await ask(stage, pullRequest, format);
  const [set, ...others] = call.body.output?.parameters ?? [];
  const isExpected =
    call.status === 200 &&
    call.freshness === freshness &&
    others.length === 0 &&
    set?.build.commit === commit &&
    set['digestFront'] === digests['front'] &&
    set['digestBack'] === digests['back'];
  expect(isExpected, `a ${freshness} answer with the images of ${commit}`, call);
}

async function showRefusal(stage: Stage): Promise<void> {
  const { sandbox, say } = stage;
  say(
    '\nPull request 3 is new. The demo keeps its answers in memory only, so nothing proves that pull request 3 never had an environment. It gets an error: an empty list would make Argo CD delete one. (With a persistent store, the default of serve, the proof exists: pull request 3 gets an empty list and delays nothing.)\n',
  );
  buildGreen(sandbox, THIRD, 0);
  sandbox.pass(30);
  const call = await ask(stage, THIRD, formatCall);
  expect(call.status === 502 && call.body.output === undefined, 'an error for pull request 3', call);
}

function heading({ say, paint }: Stage, text: string): void {
  say(`\n${paint('bold', text)}\n`);
}

async function ask(
  { sandbox, say, paint }: Stage,
  pullRequest: PullRequest,
  format: (call: Call) => string,
): Promise<Call> {
  const command = `$ ${formatCommand(sandbox, pullRequest)}`;
  say(
    command.replaceAll(/^.*$/gm, (line) => paint('dim', line)),
    'verbatim',
  );
  const call = await sendCall(sandbox, pullRequest);
  say(format(call));
  return call;
}

async function explain({ sandbox, say, paint }: Stage, pullRequest: PullRequest): Promise<void> {
  const request = parseBranchRequest({ ...pullRequest }, sandbox.config.projects);
  const report = createResolveReport(request, await sandbox.service.core.resolve(request));
  const text = formatResolveReport(report, paint);
  say(`\nWhy? (greenpin resolve)\n\n${text.replaceAll(/^(?=.)/gm, '  ')}`);
}

function expect(asExpected: boolean, what: string, { status }: Call): void {
  if (!asExpected)
    throw new DemoFailure(`the demo expected ${what}, but Greenpin answered something else (HTTP ${status})`);
}
