/** The call's input (design §1), checked once: inside, a `BranchRequest` is what it says. Pure. */
import { ApiError } from '../errors.ts';
import type { BranchRequest, Project } from '../resolve/types.ts';
import { describe, quote } from './describe.ts';

const MOST_PROJECTS_LISTED = 20;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const DIGITS = /^[0-9]+$/;
/** Counted in code points. */
const BRANCH_LENGTH = /^.{1,255}$/su;
/** All of the value: braces alone are legal in a branch's name. */
const TEMPLATE = /^\s*\{\{.*\}\}\s*$/su;
/** What Go's templates put in place of what they are not given. */
const NO_VALUE = '<no value>';
const GO_TEMPLATE = /^\s*\{\{-?\s*\./u;
/** C0, DEL and C1. */
const CONTROL = /\p{Cc}/u;

type Parameters = Readonly<Record<string, unknown>>;

/**
 * @param body the parsed JSON body: `{"input": {"parameters": {...}}}`; parameters that Greenpin doesn't know are the user's own
 * @param projects the configured projects, by name
 * @throws ApiError `invalid_request` with every problem in one message
 */
export function parseGetParams(body: unknown, projects: ReadonlyMap<string, Project>): BranchRequest {
  const parameters = findParameters(body);
  const problems: string[] = [];
  const branch = parseBranch(parameters['branch'], problems);
  const project = parseProject(parameters['project'], projects, problems);
  const headSha = parseHeadSha(parameters['head_sha'], problems);
  const number = parseNumber(parameters['number'], problems);
  checkTargetBranch(parameters['target_branch'], problems);
  if (branch === undefined || project === undefined || problems.length > 0)
    throw invalid(problems.join('; '));
  return {
    project,
    branch,
    ...(headSha !== undefined && { headSha }),
    ...(number !== undefined && { number }),
  };
}

function invalid(problems: string): ApiError {
  return new ApiError('invalid_request', `Invalid request: ${problems}`);
}

function findParameters(body: unknown): Parameters {
  if (!isObject(body)) throw invalid(`the body must be a JSON object, found ${describe(body)}`);
  const input = body['input'] ?? {};
  if (!isObject(input)) throw invalid(`input must be an object, found ${describe(input)}`);
  const parameters = input['parameters'] ?? {};
  if (!isObject(parameters)) {
    throw invalid(`input.parameters must be an object, found ${describe(parameters)}`);
  }
  return parameters;
}

function isObject(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A template renders a value that it doesn't have as nothing, so an empty string is not a value. */
function isMissing(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === '';
}

function isTemplate(value: unknown): value is string {
  return typeof value === 'string' && (TEMPLATE.test(value) || value === NO_VALUE);
}

/** Without goTemplate, Argo CD leaves `{{ .branch }}` as it is; and what no generator gives, it never fills in. */
function explainTemplate(name: string, value: string): string {
  const remedy = GO_TEMPLATE.test(value)
    ? 'set goTemplate: true in the ApplicationSet'
    : 'the generator before the plugin, in the same matrix, gives no parameter of that name';
  return `${name} is ${quote(value)}, a template that Argo CD has not filled in: ${remedy}`;
}

function parseBranch(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) {
    problems.push('branch is missing or empty (pass branch: "{{ .branch }}" in input.parameters)');
  } else if (isTemplate(value)) {
    problems.push(explainTemplate('branch', value));
  } else if (typeof value !== 'string') {
    problems.push(`branch must be a string, found ${describe(value)}`);
  } else if (!BRANCH_LENGTH.test(value)) {
    problems.push(`branch must have at most 255 characters, found ${quote(value)}`);
  } else if (CONTROL.test(value) || !value.isWellFormed()) {
    problems.push(
      `branch must have no control characters and no lone surrogates in it, found ${quote(value)}`,
    );
  } else {
    return value;
  }
  return undefined;
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
  } else if (isTemplate(value)) {
    problems.push(explainTemplate('project', value));
  } else if (typeof value === 'string') {
    const project = projects.get(value);
    if (project !== undefined) return project;
    problems.push(`project ${quote(value)} is not configured; ${listProjects(projects)}`);
  } else {
    problems.push(`project must be a string, found ${describe(value)}`);
  }
  return undefined;
}

function listProjects(projects: ReadonlyMap<string, Project>): string {
  if (projects.size === 0) return 'no project is configured';
  const names = [...projects.keys()].slice(0, MOST_PROJECTS_LISTED).map(quote).join(', ');
  const more = projects.size - MOST_PROJECTS_LISTED;
  return `expected one of ${names}${more > 0 ? ` and ${more} more` : ''}`;
}

function parseHeadSha(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) return undefined;
  if (typeof value === 'string' && COMMIT.test(value)) return value.toLowerCase();
  problems.push(
    isTemplate(value)
      ? explainTemplate('head_sha', value)
      : `head_sha must be a full commit of 40 or 64 hex digits, found ${describe(value)}`,
  );
  return undefined;
}

function parseNumber(value: unknown, problems: string[]): string | undefined {
  if (isMissing(value)) return undefined;
  const number = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) return String(number);
  problems.push(
    isTemplate(value)
      ? explainTemplate('number', value)
      : `number must be a positive integer, or a string of digits, found ${describe(value)}`,
  );
  return undefined;
}

function checkTargetBranch(value: unknown, problems: string[]): void {
  if (isMissing(value) || typeof value === 'string') return;
  problems.push(`target_branch must be a string, found ${describe(value)}`);
}
