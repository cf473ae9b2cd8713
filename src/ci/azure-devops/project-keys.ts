/** How a project names its Azure Repos repository, pipelines and build reasons. */
import { z } from 'zod';
import { text } from '../../schema/fields.ts';
import { suggest } from '../../text/suggest.ts';
import type { ProjectKeys } from '../kind.ts';
import { REPOSITORY_PATTERN } from './names.ts';

/** `BuildReason`: https://learn.microsoft.com/rest/api/azure/devops/build/builds/list */
const REASONS = (
  'individualCI batchedCI manual pullRequest schedule scheduleForced buildCompletion resourceTrigger triggered ' +
  'userCreated validateShelveset checkInShelveset none'
).split(' ');

const event = z.enum(REASONS, {
  error: ({ input }) => {
    const nearest = typeof input === 'string' ? suggest(input, REASONS) : undefined;
    const expected = 'a reason of Azure Pipelines, for example individualCI or pullRequest';
    return nearest === undefined ? expected : `${expected}; did you mean ${nearest}?`;
  },
});

/** Azure DevOps allows none of these characters in the name of a pipeline; `\12` is the pipeline named 12. */
const LETTER = '[^\\s/\\\\:~&%;@\'"?<>|#$*}{,+=[\\]]';
const WORKFLOW_PATTERN = new RegExp(`^(?:\\\\[0-9]+|${LETTER}(?: *${LETTER}){0,259})$`);

const workflow = text(
  WORKFLOW_PATTERN,
  "a pipeline's name without its folder, or its id in quotes, for example shop-ci",
  (found) => {
    const name = /[\\/]([^\\/]+)$/.exec(found)?.[1];
    return name !== undefined && WORKFLOW_PATTERN.test(name) ? name : undefined;
  },
);

const repository = text(
  REPOSITORY_PATTERN,
  'ORGANIZATION/PROJECT/REPOSITORY, for example acme/shop/front',
  findMeantRepository,
);

/** @param found an address for git clone, or a name from one: `acme/Shop%20Floor/front` */
function findMeantRepository(found: string): string | undefined {
  const path =
    /^https:\/\/(?:[^@/]+@)?[^/]+\/([^/]+\/[^/]+)\/_git\/([^/?]+)/.exec(found)?.slice(1).join('/') ??
    /^git@[^:/]+:v3\/([^/]+\/[^/]+\/[^/]+)$/.exec(found)?.[1];
  const meant = decode(path ?? found);
  return meant !== undefined && REPOSITORY_PATTERN.test(meant) ? meant : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

export const azureDevOpsProjectKeys: ProjectKeys = {
  repository,
  workflow,
  event,
  defaultEvents: ['individualCI', 'batchedCI', 'manual', 'pullRequest'],
};
