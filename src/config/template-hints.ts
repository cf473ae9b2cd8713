/** Suggests the placeholder that was meant, because other tools name the same variables differently. Pure. */
import type { TemplateVariable } from '../image/template.ts';
import { suggest } from '../text/suggest.ts';

/**
 * Names in other tools, in lower case, without the part before the last dot and without the tool's prefix.
 */
const MEANINGS: Readonly<Record<TemplateVariable, string>> = {
  commit:
    'sha commit_sha git_sha short_sha sha_short commit_short_sha short_commit git_commit head_sha head_short_sha head_short_sha_7 hash commit_hash git_hash rev revision commit_id build_sourceversion sourceversion sourcecommitid sha1',
  branch:
    'ref ref_name branch_name head_ref git_branch source_branch commit_branch commit_ref_name change_branch',
  ref_slug: 'slug branch_slug commit_ref_slug git_ref_slug',
  pull_request:
    'pr mr number pr_number pull_request_number pull_request_id merge_request_iid merge_request_id change_id pr_id pullrequestid system_pullrequest_pullrequestid commit_pull_request',
  build_id: 'id run_id pipeline_id workflow_id job_id pipeline_uuid buildid',
  build_number: 'run_number build_num pipeline_iid pipeline_number buildnumber build',
  attempt: 'run_attempt retry_count',
};

const VARIABLES = Object.keys(MEANINGS) as TemplateVariable[];
/** They number jobs and workflows of CircleCI, which are parts of a run. */
const WITHOUT_MEANING: ReadonlySet<string> = new Set(['circle_build_num', 'circle_workflow_id']);

const TOOLS = /^(?:ci|github|gitlab|gitea|forgejo|git|env|circle|drone|buildkite|build|bitbucket)_(?=.)/;

/**
 * `${{ github.sha }}`, `{{ .head_sha }}`, `${CI_COMMIT_SHA}`, `$(Build.SourceVersion)`, `$GIT_COMMIT`,
 * `%GIT_COMMIT%`, `<< pipeline.id >>`
 */
const FOREIGN: readonly (readonly [form: RegExp, whose: string])[] = [
  [/\$\{\{\s*([\w.-]*)[^}]*\}?\}?/, 'GitHub Actions'],
  [/\{\{-?\s*\.?([\w.-]*)[^}]*\}?\}?/, 'Argo CD or Helm'],
  [/\$\{([\w.-]*)[^}]*\}?/, 'a shell'],
  [/\$\(([A-Za-z_][\w.]*)\)/, 'Azure Pipelines'],
  [/\$\(?([A-Za-z_][\w.]*)\)?/, 'a shell'],
  [/%([A-Za-z_]\w*)%/, 'a shell'],
  [/<<\s*([\w.-]*)[^>]*>?>?/, 'CircleCI'],
];

/**
 * @param template a rejected template
 * @returns one clause; `instead` if it should replace the reason for the rejection rather than follow it
 */
export function hintForTemplate(
  template: string,
): { readonly text: string; readonly instead: boolean } | undefined {
  for (const [form, whose] of FOREIGN) {
    const name = form.exec(template)?.[1];
    if (name === undefined) continue;
    const meant = findMeant(name);
    const remedy = meant
      ? `use {${meant}${digitsOf(name)}}`
      : 'use a placeholder of Greenpin, for example {commit}';
    return { text: `Greenpin does not expand variables of ${whose}; ${remedy}`, instead: true };
  }
  for (const [, name = ''] of template.matchAll(/\{\s*([\w.-]+)\s*(?::[^{}]*)?\}/g)) {
    if (VARIABLES.some((variable) => variable === name)) continue;
    const meant = findMeant(name);
    if (meant !== undefined) return { text: `did you mean {${meant}}?`, instead: false };
  }
  return undefined;
}

/** GitLab's short commit has eight digits, where other tools have seven. */
function digitsOf(name: string): string {
  return /^ci_commit_short_sha$/i.test(name) ? ':8' : '';
}

function findMeant(written: string): TemplateVariable | undefined {
  const path = written.toLowerCase().replaceAll('-', '_');
  if (path.endsWith('pull_request.head.sha')) return 'commit';
  if (/(?:^|\.)event\.(?:pull_request\.)?number$/.test(path)) return 'pull_request';
  if (path.endsWith('pipeline.number')) return 'build_number';
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (WITHOUT_MEANING.has(name)) return undefined;
  const names = [name, name.replace(TOOLS, '')];
  return (
    VARIABLES.find((variable) =>
      names.some((each) => each === variable || MEANINGS[variable].split(' ').includes(each)),
    ) ?? VARIABLES.find((variable) => variable === suggest(name, VARIABLES))
  );
}
