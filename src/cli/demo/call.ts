/** One call of the demo: sent as Argo CD sends it, shown as a command that a reader can run. */
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
  readonly body: CallBody;
}

/** The part of a response that the demo reads. */
interface CallBody {
  readonly output?: { readonly parameters: readonly ParameterSet[] };
  readonly message?: string;
}

interface ParameterSet {
  readonly digestFront: string;
  readonly digestBack: string;
  readonly build: { readonly commit: string; readonly number: string; readonly isHead: string };
}

const PATH = '/api/v1/getparams.execute';

export async function sendCall({ url, token }: DemoSandbox, pullRequest: PullRequest): Promise<Call> {
  const response = await fetch(url + PATH, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: formatBody(pullRequest),
  });
  return {
    status: response.status,
    freshness: response.headers.get('greenpin-freshness'),
    age: response.headers.get('age'),
    body: (await response.json()) as CallBody,
  };
}

/** @returns the call as a shell command, with exactly the body that `sendCall` sends */
export function formatCommand({ url, token }: DemoSandbox, pullRequest: PullRequest): string {
  return [
    `curl -i ${url}${PATH} \\`,
    `  -H 'Authorization: Bearer ${token}' \\`,
    `  -d '${formatBody(pullRequest)}'`,
  ].join('\n');
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
  return [
    `${formatHead(call)} (in short)`,
    `  build        ${build.commit} #${build.number}, isHead ${build.isHead}`,
    `  digestFront  ${digestFront}`,
    `  digestBack   ${digestBack}`,
  ].join('\n');
}

function formatHead({ status, freshness, age }: Call): string {
  return freshness === null
    ? `HTTP ${status}`
    : `HTTP ${status}, Greenpin-Freshness: ${freshness}, Age: ${age}`;
}
