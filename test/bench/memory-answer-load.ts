/** What both sides of the benchmark agree on: the token, the branches, the bodies that are sent and answered. */
import { parseImageTemplate } from '../../src/image/template.ts';
import { createParameterSet } from '../../src/wire/argocd/parameter-set.ts';
import type { PinnedSet, Project } from '../../src/resolve/types.ts';
import type { Digest } from '../../src/image/image.ts';

export const PATH = '/api/v1/getparams.execute';
export const TOKEN = 'a-pre-shared-token-of-ordinary-length';
export const BRANCHES = Array.from({ length: 1000 }, (_, index) => `feature/shop-${index}`);

const COMMIT = '1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d';
const DIGEST = `sha256:${COMMIT}${COMMIT.slice(0, 24)}` as Digest;
const IMAGES = ['front', 'back'];

export const PROJECT: Project = {
  name: 'shop',
  ci: 'github',
  gitRepository: 'acme/shop',
  workflows: [],
  events: ['push', 'pull_request'],
  forks: false,
  lookback: 5,
  onNoBuild: 'empty',
  images: IMAGES.map((name) => ({
    name,
    template: parseImageTemplate(`ghcr.io/acme/shop-${name}:sha-{commit:7}`),
    onMissing: 'reject',
    revision: 'auto',
  })),
};

/** As Argo CD sends it. */
export function requestBody(branch: string): string {
  const parameters = { project: PROJECT.name, branch, head_sha: COMMIT, number: '42' };
  return `${JSON.stringify({ applicationSetName: 'previews', input: { parameters } })}\n`;
}

/** What is answered for the branch: two images of one build. */
export function pinnedSet(branch: string): PinnedSet {
  const images = IMAGES.map((name) => [
    name,
    {
      repository: `ghcr.io/acme/shop-${name}`,
      tag: `sha-${COMMIT.slice(0, 7)}`,
      digest: DIGEST,
      rule: `["ghcr.io/acme/shop-${name}:sha-{commit:7}"]`,
      commit: COMMIT,
      position: Date.UTC(2026, 0, 2),
      tie: '',
      runs: '9999999999:1',
    },
  ]);
  const build = {
    ci: 'github',
    gitRepository: 'acme/shop',
    commit: COMMIT,
    branch,
    id: '9999999999',
    number: '1234',
    attempt: '1',
    url: 'https://github.com/acme/shop/actions/runs/9999999999',
    event: 'push',
    finishedAt: Date.UTC(2026, 0, 2),
    position: Date.UTC(2026, 0, 2),
    tie: '',
  };
  return { build, images: Object.fromEntries(images) as PinnedSet['images'] };
}

/** The same as the bytes that Greenpin serializes. */
export function responseBody(branch: string): string {
  return JSON.stringify({
    output: {
      parameters: [createParameterSet(pinnedSet(branch), { project: { images: [] }, headSha: COMMIT })],
    },
  });
}
