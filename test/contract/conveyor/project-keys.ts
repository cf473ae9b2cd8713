/** How a project names its Conveyor pipeline and events. */
import { z } from 'zod';
import type { ProjectKeys } from '../../../src/ci/kind.ts';
import { text } from '../../../src/schema/fields.ts';

export const conveyorProjectKeys: ProjectKeys = {
  repository: text(/^[\w-]+\/[\w-]+$/, 'ORGANIZATION/PIPELINE, for example acme/shop'),
  workflow: 'none',
  event: z.enum(['webhook', 'ui', 'api'], { error: 'webhook, ui or api' }),
  defaultEvents: ['webhook', 'ui'],
};
