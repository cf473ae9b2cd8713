/** The workflows that a project and its images name. Pure. */
import type { ImageRule, Project, Run } from './types.ts';

/** @returns whether the run's workflow may push the project's images; any may if none is configured */
export function mayBuildProject(run: Run, project: Project): boolean {
  return project.workflows.length === 0 || listNamedWorkflows(project).some((name) => isRunOf(run, name));
}

/** @param name of a workflow, or its id, which some kinds accept as well */
export function isRunOf({ workflow, workflowId }: Run, name: string): boolean {
  return workflow === name || workflowId === name;
}

/** @returns whether the run's workflow may push the image */
export function mayBuildImage(run: Run, rule: ImageRule, project: Project): boolean {
  return rule.workflow === undefined ? mayBuildProject(run, project) : isRunOf(run, rule.workflow);
}

/** Those of the project first, in the configured order. */
export function listNamedWorkflows({ workflows, images }: Project): string[] {
  return [...new Set([...workflows, ...images.flatMap(({ workflow }) => workflow ?? [])])];
}

/** A file's name identifies its workflow well enough for people. Other names may contain slashes, too. */
export function shortName(workflow: string): string {
  return /\.ya?ml$/i.test(workflow) ? workflow.slice(workflow.lastIndexOf('/') + 1) : workflow;
}
