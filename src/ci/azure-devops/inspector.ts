/** Pipelines, for `greenpin check`: https://learn.microsoft.com/rest/api/azure/devops/build/definitions */
import { z } from 'zod';
import type { CiClient } from '../client.ts';
import { parseShape } from '../elements.ts';
import { MAX_ELEMENTS, text } from '../fields.ts';
import type { CiInspector, Workflow } from '../provider.ts';
import { nameWorkflow } from './build.ts';
import { buildApi } from './names.ts';
import { PAGE_SIZE } from './provider.ts';
import type { RepositoryIds } from './repository-ids.ts';
import { sourceOf } from './source.ts';

/** A contract test compares this with the API's description. */
export const azureDefinitionSchema = z.object({
  id: z.int().positive(),
  name: text,
  queueStatus: text.nullish(),
});

const pageSchema = z.object({ value: z.array(z.unknown()).max(MAX_ELEMENTS) });

export function createAzureDevOpsInspector(client: CiClient, ids: RepositoryIds): CiInspector {
  return {
    async fetchWorkflows(gitRepository) {
      const repositoryId = await ids.read(gitRepository);
      const { data, headers } = await client.get({
        path: `${buildApi(gitRepository, client.host)}/definitions`,
        query: { repositoryId, repositoryType: 'TfsGit', $top: PAGE_SIZE },
        what: `the pipelines of ${gitRepository}`,
        permission: '"Build (Read)"',
      });
      if (headers['x-ms-continuationtoken']) return undefined;
      const { value } = parseShape(pageSchema, data, sourceOf(client));
      return value.flatMap((each) => toWorkflows(azureDefinitionSchema.safeParse(each).data));
    },
  };
}

/** A pipeline that is paused queues its builds, but runs none. */
function toWorkflows(definition: z.output<typeof azureDefinitionSchema> | undefined): Workflow[] {
  if (definition === undefined) return [];
  const { id, name, queueStatus } = definition;
  const disabled = queueStatus === 'disabled' || queueStatus === 'paused' ? queueStatus : null;
  return [{ path: nameWorkflow(name), id: String(id), disabled }];
}
