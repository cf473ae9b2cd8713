/** The workflows that a project and its images name. Pure. */
import type { ImageRule, Project, Run } from './types.ts';

/** @returns whether the run's workflow may push the project's images; any may if none is configured */
export function mayBuildProject({ workflow }: Run, project: Project): boolean {
  return (
    project.workflows.length === 0 || (workflow !== null && listNamedWorkflows(project).includes(workflow))
  );
}

/** @returns whether the run's workflow may push the image */
export function mayBuildImage(run: Run, rule: ImageRule, project: Project): boolean {
  return rule.workflow === undefined ? mayBuildProject(run, project) : run.workflow === rule.workflow;
}

/** Those of the project first, in the configured order. */
export function listNamedWorkflows({ workflows, images }: Project): string[] {
  return [...new Set([...workflows, ...images.flatMap(({ workflow }) => workflow ?? [])])];
}

/** A file's name identifies its workflow well enough for people. Other names may contain slashes, too. */
export function shortName(workflow: string): string {
  return /\.ya?ml$/i.test(workflow) ? workflow.slice(workflow.lastIndexOf('/') + 1) : workflow;
}
