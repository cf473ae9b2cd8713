/** Gitea's workflows, for `greenpin check` (`routers/api/v1/repo/action.go`, ActionsListRepositoryWorkflows). */
import { z } from 'zod';
import type { CiClient } from '../client.ts';
import { parseShape, type Source } from '../elements.ts';
import { MAX_ELEMENTS, text } from '../fields.ts';
import type { CiInspector } from '../provider.ts';
import { createRequest } from './requests.ts';

/** A contract test compares this with the OpenAPI description of Gitea 1.26.0. */
export const giteaWorkflowSchema = z.object({ id: text, state: text });

const workflowsSchema = z.object({ workflows: z.array(giteaWorkflowSchema).max(MAX_ELEMENTS).nullable() });

/** Lists the workflow files of the default branch. */
export function createGiteaInspector(client: CiClient, source: Source): CiInspector {
  return {
    async fetchWorkflows(gitRepository) {
      const { data } = await client.get(createRequest(gitRepository, 'the workflows', '/actions/workflows'));
      const { workflows } = parseShape(workflowsSchema, data, source);
      // The id is the file's name, as in the runs.
      return (workflows ?? []).map(({ id: path, state }) => ({
        path,
        disabled: state === 'active' ? null : state,
      }));
    },
  };
}
