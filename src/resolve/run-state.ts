/** What a run's state says about its future. Pure. */
import type { Project, Run } from './types.ts';

/** True if the run's outcome may change without a re-run. */
export function isUnfinished({ state }: Pick<Run, 'state'>): boolean {
  return state === 'running' || state === 'blocked';
}

/** With `blocked: success`, a run that waits for a person has pushed its images. */
export function mayPushLater(run: Pick<Run, 'state'>, { blocked }: Pick<Project, 'blocked'>): boolean {
  return isUnfinished(run) && !(run.state === 'blocked' && blocked === 'success');
}
