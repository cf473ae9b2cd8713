/** One call of the demo, sent as Argo CD sends it, and shown as a command that a reader can run. */
import { GETPARAMS_PATH } from '../../http/argocd/getparams.ts';
import type { ParameterSet } from '../../wire/argocd/parameter-set.ts';
import type { DemoSandbox } from './sandbox.ts';

/** The fields of a pull request that Argo CD passes on. */
export interface PullRequest {
  readonly branch: string;
  readonly number: string;
  readonly head_sha: string;
}

export interface Call {
  readonly status: number;
  readonly freshness: string | null;
  readonly age: string | null;
  readonly body: { readonly output?: { readonly parameters: readonly ParameterSet[] } };
}

export async function sendCall({ url, token }: DemoSandbox, pullRequest: PullRequest): Promise<Call> {
  const response = await fetch(url + GETPARAMS_PATH, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: formatBody(pullRequest),
  });
  return {
    status: response.status,
    freshness: response.headers.get('greenpin-freshness'),
    age: response.headers.get('age'),
    body: (await response.json()) as Call['body'],
  };
}

/** @returns the call as a shell command, with exactly the body that `sendCall` sends */
export function formatCommand({ url, token }: DemoSandbox, pullRequest: PullRequest): string {
  return `curl -i ${url}${GETPARAMS_PATH} \\
  -H 'Authorization: Bearer ${token}' \\
  -d '${formatBody(pullRequest)}'`;
}

function formatBody({ branch, number, head_sha }: PullRequest): string {
  return `{"applicationSetName": "previews", "input": {"parameters": {
    "project": "shop", "branch": "${branch}", "number": "${number}",
    "head_sha": "${head_sha}"}}}`;
}

/** @returns the whole response, indented */
export function formatCall(call: Call): string {
  return `${formatHead(call)}\n${JSON.stringify(call.body, null, 2)}`;
}

/** @returns the part of the response that changes from call to call */
export function formatCallInShort(call: Call): string {
  const [set] = call.body.output?.parameters ?? [];
  if (set === undefined) return formatCall(call);
  const { build, digestFront, digestBack } = set;
  return `${formatHead(call)} (in short)
  build        ${build.commit} #${build.number}, isHead ${build.isHead}
  digestFront  ${String(digestFront)}
  digestBack   ${String(digestBack)}`;
}

function formatHead({ status, freshness, age }: Call): string {
  const headers = freshness === null ? '' : `, Greenpin-Freshness: ${freshness}, Age: ${age}`;
  return `HTTP ${status}${headers}`;
}
