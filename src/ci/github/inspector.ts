/** GitHub's workflows, for `greenpin check`: https://docs.github.com/rest/actions/workflows */
import { z } from 'zod';
import { apiPath } from '../../upstream/json-api.ts';
import type { CiClient } from '../client.ts';
import { nameOf } from './names.ts';
import { PAGE_SIZE } from './page.ts';
import { parseShape } from './schema.ts';
import type { CiInspector, Workflow } from '../provider.ts';

/** A contract test compares this with GitHub's OpenAPI description. */
export const githubWorkflowSchema = z.object({ path: z.string().max(1024), state: z.string() });

const workflowPageSchema = z.object({
  total_count: z.int().nonnegative(),
  workflows: z.array(z.unknown()),
});

/** Skips workflows that cannot be parsed. @throws UpstreamError `malformed` if it is not a workflow list */
export function parseWorkflowPage(value: unknown, host: string): { total: number; workflows: Workflow[] } {
  const { total_count: total, workflows } = parseShape(workflowPageSchema, value, host);
  const read = workflows.flatMap((workflow) => githubWorkflowSchema.safeParse(workflow).data ?? []);
  const existing = read.filter(({ state }) => state !== 'deleted');
  return {
    total,
    workflows: existing.map(({ path, state }) => ({ path, disabled: state === 'active' ? null : state })),
  };
}

export function createGitHubInspector(client: CiClient): CiInspector {
  const { host } = client;
  return {
    async fetchWorkflows(gitRepository) {
      const { owner, repo } = nameOf(gitRepository, host);
      const { data } = await client.get({
        path: apiPath`/repos/${owner}/${repo}/actions/workflows`,
        query: { per_page: PAGE_SIZE },
        what: `the workflows of ${gitRepository}`,
        permission: '"Actions: read"',
      });
      const { total, workflows } = parseWorkflowPage(data, host);
      return total > PAGE_SIZE ? undefined : workflows;
    },
  };
}
