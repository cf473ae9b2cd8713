/** The workflows of GitHub Actions: what actionlint, and whoever looks after the supply chain, would say. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it, test } from 'vitest';
import { parse } from 'yaml';

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, '../..');
const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT });

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly 'timeout-minutes'?: number; readonly uses?: string; readonly steps?: Step[] }>
  >;
}

const actionlint = inject('actionlint');

function lint(...args: string[]) {
  const command = actionlint.available ? actionlint.command : '';
  return run(command, ['-no-color', ...args], { cwd: ROOT });
}

describe.skipIf(!actionlint.available)('actionlint', () => {
  it('has nothing to say', async () => {
    expect(await lint(...WORKFLOWS)).toEqual({ stdout: '', stderr: '' });
  });

  it('would say something', async () => {
    const text = readFileSync(join(ROOT, '.github/workflows/test.yml'), 'utf8');
    const broken = text.replace('runs-on: ubuntu-24.04', 'runs-on: ubuntu-12.34');
    const linting = lint('-stdin-filename=.github/workflows/test.yml', '-');
    linting.child.stdin?.end(broken);
    await expect(linting).rejects.toMatchObject({ stdout: expect.stringContaining('ubuntu-12.34') });
  });
});

test('there are workflows', () => {
  expect(WORKFLOWS.length).toBeGreaterThan(1);
});

describe.each(WORKFLOWS)('%s', (file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const workflow = parse(text) as Workflow;
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps ?? []);

  it('runs only actions of a commit, and says which version that is', () => {
    const uses = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    const pinned = /uses: (?:[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/workflows\/\S+)$/;
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((line) => !pinned.test(line))).toEqual([]);
  });

  it('may by default only read, and leaves no token behind in the checkout', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const checkout of checkouts) expect(checkout.with?.['persist-credentials']).toBe(false);
  });

  it('never runs what a stranger wrote with rights of its own, and puts nothing into a script but by its environment', () => {
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target');
    expect(steps.filter((step) => step.run?.includes('${{'))).toEqual([]);
  });

  it('ends', () => {
    const endless = jobs.filter((job) => job.uses === undefined && job['timeout-minutes'] === undefined);
    expect(endless).toEqual([]);
  });
});

it('one version of each action is used everywhere', () => {
  const versions = new Map<string, Set<string>>();
  for (const file of WORKFLOWS) {
    const uses = readFileSync(join(ROOT, file), 'utf8').matchAll(/uses: ([\w.-]+\/[\w./-]+)@(\S+)/g);
    for (const [, action = '', version = ''] of uses) {
      versions.set(action, (versions.get(action) ?? new Set()).add(version));
    }
  }
  expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
});

it('the scripts that a workflow names are there', () => {
  const texts = WORKFLOWS.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
  const scripts = [...texts.matchAll(/(?:node|bash) (\.ci\/[\w.-]+)/g)].map(([, script = '']) => script);
  expect(new Set(scripts)).toEqual(new Set(['.ci/run', '.ci/release.ts']));
  for (const script of scripts) expect(readFileSync(join(ROOT, script), 'utf8')).not.toBe('');
});
