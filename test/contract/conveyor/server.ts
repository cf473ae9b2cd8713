/**
 * A small server for Conveyor, a CI system that exists only in these tests. Its habits are those of Buildkite
 * and others: UUIDs as ids, keyset paging without totals and validators, pull-request builds that name no
 * branch, forks' branches among our own. It is strict: it answers 404 to a request that it does not know, and
 * `verify` throws.
 */
import type { IncomingMessage } from 'node:http';
import { createJsonReply, type Reply } from '../../../src/cli/demo/loopback-server.ts';
import { createFakeServer, type FakeServer, type Report } from '../../fixtures/fake-server.ts';

export interface ConveyorBuild {
  readonly id: string;
  readonly number: number;
  retries: number;
  state: 'scheduled' | 'running' | 'blocked' | 'passed' | 'failed' | 'canceled';
  commit: string;
  readonly branch: string | null;
  readonly pull_request: { readonly number: number; readonly repository: string | null } | null;
  readonly trigger: 'webhook' | 'ui' | 'api';
  readonly created_at: string;
  readonly finished_at: string | null;
  readonly url: string;
}

export interface ConveyorCheck {
  readonly name: string;
  readonly result: 'ok' | 'waiting' | 'error';
}

interface ConveyorData {
  /** Newest first. */
  builds: ConveyorBuild[];
  /** By commit, oldest first. */
  readonly checks: Map<string, ConveyorCheck[]>;
}

export interface ConveyorServer extends FakeServer {
  readonly url: string;
  readonly data: ConveyorData;
}

export const PAGE_SIZE = 3;

/** Listens on loopback. Serves one repository to callers with this token. */
export async function createConveyorServer(repository: string, token: string): Promise<ConveyorServer> {
  const data: ConveyorData = { builds: [], checks: new Map() };
  const respond = ({ method, headers }: IncomingMessage, url: URL, report: Report): Reply => {
    const found = method === 'GET' ? find(data, repository, url) : undefined;
    if (found === undefined) report('unknown');
    if (headers.authorization !== `Bearer ${token}`) return createJsonReply(401, { error: 'no token' });
    return found ?? NOT_FOUND;
  };
  const server = await createFakeServer('Conveyor', {}, respond);
  return { ...server, url: `http://${server.host}`, data };
}

const NOT_FOUND = createJsonReply(404, { error: 'not found' });

/** @returns undefined if the API has no such path or parameter */
function find(data: ConveyorData, own: string, { pathname, searchParams }: URL): Reply | undefined {
  const [, repository, rest = ''] = /^\/v1\/([^/]+\/[^/]+)\/(.+)$/.exec(decodeURIComponent(pathname)) ?? [];
  if (repository === undefined) return undefined;
  if (repository !== own) return NOT_FOUND;
  const [collection, id, below] = rest.split('/');
  const known = [...searchParams.keys()].every((key) => ['before', 'branch', 'pull_request'].includes(key));
  if (collection === 'builds' && id === undefined && known) {
    return createJsonReply(200, list(data.builds, searchParams));
  }
  if (searchParams.size > 0) return undefined;
  if (collection === 'builds') {
    const build = data.builds.find((each) => each.id === id);
    return build === undefined ? NOT_FOUND : createJsonReply(200, build);
  }
  return collection === 'commits' && below === 'checks'
    ? createJsonReply(200, data.checks.get(id ?? '') ?? [])
    : undefined;
}

function list(builds: readonly ConveyorBuild[], query: URLSearchParams): ConveyorBuild[] {
  const [before, branch, pullRequest] = ['before', 'branch', 'pull_request'].map((key) => query.get(key));
  return builds
    .filter((build) => before == null || build.number < Number(before))
    .filter((build) => branch == null || build.branch === branch)
    .filter((build) => pullRequest == null || build.pull_request?.number === Number(pullRequest))
    .slice(0, PAGE_SIZE);
}
