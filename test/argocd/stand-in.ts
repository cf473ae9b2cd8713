/**
 * GitHub and the CI that pushes images, as a process for the Go tests. Its first line on stdout is `{"url":
 * ...}`. Then each line on stdin is a command in JSON, which it answers with one line before it reads the
 * next. It exits when stdin ends.
 */
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { FakeRun } from '../../src/cli/demo/workflow-runs.ts';
import type { FakeFault } from '../fixtures/fake-server.ts';
import { FORK, type FakePullRequestChange } from '../fixtures/github/data.ts';
import { createFakeGitHub } from '../fixtures/github/fake-github.ts';
import { imageManifest, LINUX_AMD64 } from '../fixtures/registry/images.ts';
import { createPusher } from '../fixtures/registry/push.ts';

/** Builds a commit of each branch; green, unless `run` says otherwise. */
interface Build {
  readonly repository: string;
  readonly branches: readonly string[];
  readonly run?: Partial<FakeRun>;
  /** `HOST:PORT` */
  readonly registry: string;
  /** Pushed images, for example `acme/shop-front`. */
  readonly images: readonly string[];
}

interface PullRequest {
  readonly repository: string;
  readonly number: number;
  readonly fork?: boolean;
  readonly change: FakePullRequestChange;
}

interface Break {
  readonly fault: FakeFault;
  /** A regular expression. Default: every request. */
  readonly path?: string;
}

// Argo CD's generator appends /api/v3 to a host other than GitHub's own; Greenpin's configuration has the
// whole URL.
const github = await createFakeGitHub({
  basePath: '/api/v3',
  ...(process.env['GITHUB_TOKEN'] !== undefined && { token: process.env['GITHUB_TOKEN'] }),
});
let built = 0;
/** `IMAGE DIGEST` of each blob in the registry. */
const pushed = new Set<string>();

async function build({ branches, ...rest }: Build) {
  const [first = '', ...others] = branches;
  // Push the first image alone: it has the shared layers, and the registry confuses concurrent uploads of one
  // blob.
  return [await buildOne(first, rest), ...(await Promise.all(others.map((each) => buildOne(each, rest))))];
}

async function buildOne(branch: string, { repository, run, registry, images }: Omit<Build, 'branches'>) {
  const commit = createHash('sha1').update(`${repository} ${++built}`).digest('hex');
  const push = createPusher(registry);
  const digests: Record<string, string> = {};
  for (const image of images) {
    const content = imageManifest('oci', LINUX_AMD64, { image, commit });
    const blobs = content.blobs.filter(({ digest }) => !pushed.has(`${image} ${digest}`));
    digests[image] = await push(image, `sha-${commit}`, { ...content, blobs });
    for (const { digest } of blobs) pushed.add(`${image} ${digest}`);
  }
  github.addRun(repository, { head_branch: branch, head_sha: commit, ...run });
  return { commit, digests };
}

const commands = {
  build,
  openPullRequest({ repository, number, fork, change }: PullRequest) {
    github.addPullRequest(repository, number, fork === true ? FORK : undefined);
    github.updatePullRequest(repository, number, change);
  },
  changePullRequest: ({ repository, number, change }: PullRequest) =>
    github.updatePullRequest(repository, number, change),
  break: ({ fault, path }: Break) =>
    github.fault(fault, path === undefined ? {} : { path: new RegExp(path) }),
  heal: () => github.heal(),
  /** Fails if a request arrived that GitHub would not have understood. */
  verify: () => github.verify(),
};

interface Line {
  readonly command: keyof typeof commands;
  readonly arguments: unknown;
}

async function obey(line: string): Promise<void> {
  const { command, arguments: given } = JSON.parse(line) as Line;
  try {
    // The Go tests check the commands by their types.
    const result = await (commands[command] as (given: unknown) => unknown)(given);
    say({ result: result ?? null });
  } catch (error) {
    say({ error: error instanceof Error ? error.message : String(error) });
  }
}

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

say({ url: github.url });
for await (const line of createInterface({ input: process.stdin })) await obey(line);
await github.close();
