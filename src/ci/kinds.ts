/** The kinds of connections, one line each. */
import { z } from 'zod';
import { forgejo, gitea } from './gitea/kind.ts';
import { buildkite } from './buildkite/kind.ts';
import { circleci } from './circleci/kind.ts';
import { bitbucket } from './bitbucket/kind.ts';
import { bitbucketServer } from './bitbucket-server/kind.ts';
import { azureDevOps } from './azure-devops/kind.ts';
import { github } from './github/kind.ts';
import { jenkins } from './jenkins/kind.ts';
import { gitlab } from './gitlab/kind.ts';
import type { CiKind } from './kind.ts';
import { woodpecker } from './woodpecker/kind.ts';

const KINDS = {
  github,
  gitea,
  forgejo,
  buildkite,
  circleci,
  jenkins,
  woodpecker,
  gitlab,
  bitbucket,
  'bitbucket-server': bitbucketServer,
  'azure-devops': azureDevOps,
};

type Schema = (typeof KINDS)[keyof typeof KINDS]['schema'];

/** @param name a key of `KINDS`, validated by `connectionSchema` */
export function selectKind(name: string): CiKind {
  const kind = findKind(name);
  if (kind === undefined) throw new RangeError(`there is no kind ${name}`);
  return kind;
}

export function findKind(name: string): CiKind | undefined {
  return Object.hasOwn(KINDS, name) ? KINDS[name as keyof typeof KINDS] : undefined;
}

export const ALL_KINDS: readonly CiKind[] = Object.values(KINDS);

/** `connections.<name>` */
export const connectionSchema = z
  .discriminatedUnion('kind', Object.values(KINDS).map(({ schema }) => schema) as [Schema, ...Schema[]], {
    error: `a kind of connection that this version knows: ${Object.keys(KINDS).join(', ')}`,
  })
  .meta({ title: 'Connection', description: 'A CI system or Git host, and the credentials for it.' });
