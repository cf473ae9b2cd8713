/** One call of the demo: sent as Argo CD sends it, and shown as a command that a reader can type. */
import type { DemoWorld } from './sandbox.ts';

/** What Argo CD passes on of a pull request. */
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

/** Of the API's answers (design §1) what the demo shows. */
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

export async function sendCall({ url, token }: DemoWorld, pullRequest: PullRequest): Promise<Call> {
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

/** @returns the call as a shell command; its body is, character for character, the one that is sent */
export function formatCommand({ url, token }: DemoWorld, pullRequest: PullRequest): string {
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

/** @returns the whole answer, indented */
export function formatCall(call: Call): string {
  return `${formatHead(call)}\n${JSON.stringify(call.body, null, 2)}`;
}

/** @returns what changes from call to call */
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
