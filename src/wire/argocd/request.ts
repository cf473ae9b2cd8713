/** Parses and validates the request of Argo CD's plugin generator. Pure. */
import { ApiError, LONGEST_MESSAGE } from '../../errors.ts';
import type { BranchRequest, Project } from '../../resolve/types.ts';
import { parseBranch } from './branch-name.ts';
import { isMapping } from '../../text/document-path.ts';
import { describe, quote } from '../../text/quote.ts';
import { explainTemplate, isMissing, isUnfilledTemplate, looksUnfilled } from './unfilled-template.ts';
import { joinProblems } from './problems.ts';

const MAX_PROJECTS_LISTED = 20;
/** In UTF-16 units. Leaves room for the problem itself. */
const MAX_LIST = 150;
/** SHA-256, or at least the first 12 digits of SHA-1, which is all that Bitbucket Cloud reports. */
const COMMIT = /^(?:[0-9a-f]{12,40}|[0-9a-f]{64})$/i;
/** The length of a SHA-1 in hex digits. */
const WHOLE_COMMIT = 40;
const DIGITS = /^[0-9]+$/;
const INTRODUCTION = 'Invalid request: ';

type Parameters = Readonly<Record<string, unknown>>;

/**
 * @param body the parsed JSON body: `{"input": {"parameters": {...}}}`
 * @param projects the configured projects, by name
 * @throws ApiError `invalid_request` with every problem in one message
 */
export function parseGetParams(body: unknown, projects: ReadonlyMap<string, Project>): BranchRequest {
  return parseBranchRequest(findParameters(body), projects);
}

/**
 * @param parameters by name; unknown ones are the user's own and ignored
 * @param projects the configured projects, by name
 * @throws ApiError `invalid_request` with every problem in one message
 */
export function parseBranchRequest(
  parameters: Parameters,
  projects: ReadonlyMap<string, Project>,
): BranchRequest {
  const problems: string[] = [];
  const branch = parseBranch(parameters['branch'], problems);
  const project = parseProject(parameters['project'], projects, problems);
  const headSha = parseHeadSha(parameters['head_sha'], problems);
  if (project?.builds === 'registry') checkWholeCommit(parameters['head_sha'], headSha, project, problems);
  const number = parseNumber(parameters['number'], problems);
  const targetBranch = parseTargetBranch(parameters['target_branch'], problems);
  if (branch === undefined || project === undefined || problems.length > 0) throw invalid(...problems);
  return { project, branch, headSha, number, targetBranch };
}

function invalid(...problems: readonly string[]): ApiError {
  const room = LONGEST_MESSAGE - INTRODUCTION.length;
  return new ApiError('invalid_request', `${INTRODUCTION}${joinProblems(problems, room)}`);
}

function findParameters(body: unknown): Parameters {
  if (!isMapping(body)) throw invalid(`the body must be a JSON object, found ${describe(body)}`);
  const input = body['input'] ?? {};
  if (!isMapping(input)) throw invalid(`input must be an object, found ${describe(input)}`);
  const parameters = input['parameters'] ?? {};
  if (!isMapping(parameters)) {
    throw invalid(`input.parameters must be an object, found ${describe(parameters)}`);
  }
  return parameters;
}

/** @returns what is wrong with the value of a parameter */
function explain(name: string, value: unknown, expected: string): string {
  return typeof value === 'string' && mayBeTemplate(value)
    ? explainTemplate(name, value)
    : `${name} must be ${expected}, found ${describe(value)}`;
}

/** Unlike a branch name, other parameters are never in braces, with or without spaces. */
function mayBeTemplate(value: string): boolean {
  return isUnfilledTemplate(value) || looksUnfilled(value);
}

function parseProject(
  value: unknown,
  projects: ReadonlyMap<string, Project>,
  problems: string[],
): Project | undefined {
  if (isMissing(value)) {
    const [only, ...others] = projects.values();
    if (others.length === 0 && only !== undefined) return only;
    problems.push(`project is missing; ${listProjects(projects)}`);
    return undefined;
  }
  const project = typeof value === 'string' ? projects.get(value) : undefined;
  if (project !== undefined) return project;
  problems.push(
    typeof value === 'string' && !mayBeTemplate(value)
      ? `project ${quote(value)} is not configured; ${listProjects(projects)}`
      : explain('project', value, 'a string'),
  );
  return undefined;
}

function listProjects(projects: ReadonlyMap<string, Project>): string {
  if (projects.size === 0) return 'no project is configured';
  let list = '';
  let listed = 0;
  for (const name of [...projects.keys()].slice(0, MAX_PROJECTS_LISTED)) {
    const longer = `${list}${listed === 0 ? '' : ', '}${quote(name)}`;
    if (longer.length > MAX_LIST) break;
    list = longer;
    listed++;
  }
  const more = projects.size - listed;
  return `expected one of ${list}${more > 0 ? ` and ${more} more` : ''}`;
}

function parseHeadSha(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string' && COMMIT.test(value)) return value.toLowerCase();
  problems.push(explain('head_sha', value, 'a commit of 40 or 64 hex digits, or at least its first 12'));
  return undefined;
}

/** Without CI, only the call says which commit to look for. */
function checkWholeCommit(
  given: unknown,
  headSha: string | undefined,
  { name }: Project,
  problems: string[],
): void {
  if (isMissing(given)) {
    const pass = 'pass head_sha: "{{ .head_sha }}" on to the plugin';
    problems.push(`head_sha is missing, and project ${name} needs it (builds: registry); ${pass}`);
  } else if (headSha !== undefined && headSha.length < WHOLE_COMMIT) {
    problems.push(
      `head_sha must be a whole commit for project ${name} (builds: registry), found ${quote(headSha)}`,
    );
  }
}

function parseNumber(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) return undefined;
  const number = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) return String(number);
  problems.push(explain('number', value, 'a positive integer, as a number or as text'));
  return undefined;
}

/** Only `onMissing: target` needs it, so an odd value counts as none instead of being an error. */
function parseTargetBranch(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string') return parseBranch(value, []);
  problems.push(`target_branch must be a string, found ${describe(value)}`);
  return undefined;
}
