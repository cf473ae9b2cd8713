import type { TestProject } from 'vitest/node';
import { containersRequired } from '../fixtures/containers/engine.ts';
import { findGitea } from '../fixtures/gitea/built-gitea.ts';
import { startGitea, type RealGitea } from '../fixtures/gitea/real-gitea.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Undefined if Gitea is not built. */
    gitea: Pick<RealGitea, 'url' | 'token'> | undefined;
  }
}

/**
 * Starts one Gitea for all tests, or prints one line about skipped tests.
 *
 * @throws Error if it is not built and `GREENPIN_REQUIRE_CONTAINERS=1`
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const built = await findGitea(process.env);
  if (built === undefined) {
    const text =
      'Gitea is not built; "bash .ci/build-tool gitea" builds it with Go 1.26 or later and a C compiler';
    if (containersRequired()) throw new Error(text);
    project.provide('gitea', undefined);
    console.log(`Left out: tests with a real Gitea (${text})`);
    return undefined;
  }
  const server = await startGitea(built);
  project.provide('gitea', { url: server.url, token: server.token });
  return () => server.stop();
}
