/**
 * Names of Jenkins jobs. A branch's job has the branch's name, in which the plugin branch-api encodes some
 * characters (NameEncoder.java). Only the folder on Jenkins' disk has a shortened name. Pure.
 */
import { apiPath } from '../../upstream/json-api.ts';

const ENCODED = /[#%/?[\]\\]/g;
const CODES = /%(?:23|25|2F|3F|5B|5C|5D)/g;
const SPECIAL: ReadonlyMap<string, string> = new Map([
  ['', '%00'],
  ['.', '%2E'],
  ['..', '%2E.'],
]);
const SPECIAL_CODES: ReadonlyMap<string, string> = new Map([...SPECIAL].map(([name, code]) => [code, name]));

/** @returns `feature%2Fx` for `feature/x` */
export function encodeBranch(branch: string): string {
  return SPECIAL.get(branch) ?? branch.replaceAll(ENCODED, (character) => encodeURIComponent(character));
}

/** @returns `feature/x` for `feature%2Fx` */
export function decodeBranch(jobName: string): string {
  return SPECIAL_CODES.get(jobName) ?? jobName.replaceAll(CODES, (code) => decodeURIComponent(code));
}

/** The suffix distinguishes two strategies of one branch source; `MR` is GitLab's. */
const PULL_REQUEST_JOB = /^(?:PR|MR)-([1-9]\d*)(?:-(head|merge))?$/;

export interface PullRequestJob {
  readonly number: string;
  /** What is built; undefined if the name does not say. */
  readonly strategy: 'head' | 'merge' | undefined;
}

/** @returns undefined if the job is not a pull request's */
export function parsePullRequestJob(jobName: string): PullRequestJob | undefined {
  const [, number, strategy] = PULL_REQUEST_JOB.exec(jobName) ?? [];
  return number === undefined ? undefined : { number, strategy: strategy as PullRequestJob['strategy'] };
}

/** @returns every name that a pull request's job may have */
export function pullRequestJobs(number: string): string[] {
  return ['PR', 'MR'].flatMap((prefix) => ['', '-head', '-merge'].map((end) => `${prefix}-${number}${end}`));
}

/** @param fullName `acme/shop`, with blanks as `%20` @returns `/job/acme/job/shop` */
export function jobPath(fullName: string): string {
  return fullName
    .split('/')
    .map((part) => apiPath`/job/${part.replaceAll('%20', ' ')}`)
    .join('');
}
