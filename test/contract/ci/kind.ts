/** The kind's settings: they agree with its ports and with each other. */
import { describe, expect, it } from 'vitest';
import type { CiUpstream } from './upstream.ts';

export function describeKind(current: () => CiUpstream): void {
  describe('the kind', () => {
    it('says whether it is a Git host, and whether its runs belong to workflows', () => {
      const { kind, ports, claims } = current();
      expect(kind.isGitHost).toBe(ports.gitHost !== undefined);
      expect(kind.project.workflow !== 'none').toBe(claims.workflows);
    });

    it('has the keys that every kind of connection has', () => {
      expect(Object.keys(current().kind.schema.shape)).toEqual(
        expect.arrayContaining(['kind', 'url', 'caFile']),
      );
    });

    it('accepts its own default events and the repository of the tests', () => {
      const { kind, gitRepository } = current();
      const { event, defaultEvents, repository } = kind.project;
      expect(defaultEvents.filter((each) => !event.safeParse(each).success)).toEqual([]);
      expect(repository.safeParse(gitRepository).success).toBe(true);
    });

    it('counts the events of its runs by default', async () => {
      const { kind, ports, gitRepository, addRun } = current();
      if (kind.hasRuns === false) return;
      const id = addRun({ branch: 'main', state: 'success' });
      const run = await ports.provider.fetchRun(gitRepository, id);
      expect(kind.project.defaultEvents).toContain(run === 'gone' ? undefined : run.event);
    });

    it('says what is expected in place of a wrong value', () => {
      const { project } = current().kind;
      for (const schema of [project.repository, project.event]) {
        const [issue] = schema.safeParse('\n').error?.issues ?? [];
        expect(issue?.message).toMatch(/^[\w"'/, .;?~-]{5,200}$/);
      }
    });
  });
}
