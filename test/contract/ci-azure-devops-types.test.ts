/** Checks the schemas for Azure DevOps' answers against the types of Microsoft's own client; tsc does it. */
import type {
  Build,
  BuildReason,
  BuildResult,
  BuildStatus,
} from 'azure-devops-node-api/interfaces/BuildInterfaces.js';
import type {
  GitPullRequest,
  GitPushRef,
  GitRefUpdate,
  GitStatus,
  GitStatusState,
} from 'azure-devops-node-api/interfaces/GitInterfaces.js';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { azureBuildSchema } from '../../src/ci/azure-devops/build.ts';
import { azureDevOpsProjectKeys } from '../../src/ci/azure-devops/project-keys.ts';
import { azureOpenPullRequestSchema } from '../../src/ci/azure-devops/pull-request.ts';
import { azurePushSchema } from '../../src/ci/azure-devops/push-log.ts';
import { azureStatusSchema } from '../../src/ci/azure-devops/statuses.ts';

/** The client has numbers where the API has words. */
type Words<Enum> = Uncapitalize<keyof Enum & string>;

describe("Microsoft's client", () => {
  it('has every field that is read', () => {
    const read = [
      Object.keys(azureBuildSchema.shape) as (keyof z.input<
        typeof azureBuildSchema
      >)[] satisfies (keyof Build)[],
      Object.keys(azureOpenPullRequestSchema.shape) as (keyof z.input<
        typeof azureOpenPullRequestSchema
      >)[] satisfies (keyof GitPullRequest)[],
      Object.keys(azureStatusSchema.shape) as (keyof z.input<
        typeof azureStatusSchema
      >)[] satisfies (keyof GitStatus)[],
      Object.keys(azurePushSchema.shape) as (keyof z.input<typeof azurePushSchema>)[] satisfies (
        keyof GitPushRef | 'refUpdates'
      )[],
    ];
    expect(read.flat().length).toBeGreaterThan(20);
  });

  it('has the same types, for what is neither a date nor an enumeration', () => {
    type BuildField = 'id' | 'buildNumber' | 'sourceBranch' | 'sourceVersion' | 'parameters';
    const build = { id: 1, buildNumber: '1', sourceBranch: 'x', sourceVersion: 'a'.repeat(40) };
    const typed = build satisfies Pick<Build, BuildField> satisfies Partial<z.input<typeof azureBuildSchema>>;
    expect(azureBuildSchema.partial().safeParse(typed).success).toBe(true);
    const update = { name: 'refs/heads/main', newObjectId: 'a'.repeat(40) } satisfies GitRefUpdate;
    const push = { pushId: 1, date: '2026-01-01T00:00:00Z', refUpdates: [update] };
    expect(azurePushSchema.safeParse(push satisfies z.input<typeof azurePushSchema>).success).toBe(true);
  });

  it('has the reasons that a project may name', () => {
    const reasons = {
      none: true,
      manual: true,
      individualCI: true,
      batchedCI: true,
      schedule: true,
      scheduleForced: true,
      userCreated: true,
      validateShelveset: true,
      checkInShelveset: true,
      pullRequest: true,
      buildCompletion: true,
      resourceTrigger: true,
      triggered: true,
      // A filter, never the reason of a build.
      all: false,
    } satisfies Record<Words<typeof BuildReason>, boolean>;
    const { event } = azureDevOpsProjectKeys;
    for (const [reason, known] of Object.entries(reasons)) {
      expect([reason, event.safeParse(reason).success]).toEqual([reason, known]);
    }
  });

  it('has the words that states are told apart by', () => {
    const words = [
      'completed' satisfies Words<typeof BuildStatus>,
      'succeeded' satisfies Words<typeof BuildResult>,
    ];
    const states = ['notSet', 'pending', 'succeeded'] satisfies Words<typeof GitStatusState>[];
    expect([...words, ...states]).toHaveLength(5);
  });
});
