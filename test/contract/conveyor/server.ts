/**
 * A small server for Conveyor, a CI system that exists only here. Its habits are those of Buildkite and others: UUIDs for ids, keyset
 * paging without totals and validators, pull-request builds that name no branch, forks' branches listed among our own.
 * It is strict: requests that it does not know are answered with 404 and recorded.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

export type ConveyorFault =
  | { readonly kind: 'hang' | 'stall' | 'reset' | 'truncate' }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    };

export const PAGE_SIZE = 3;

export class ConveyorServer implements AsyncDisposable {
  /** Newest first. */
  builds: ConveyorBuild[] = [];
  /** By commit, oldest first. */
  readonly checks = new Map<string, ConveyorCheck[]>();
  fault: ConveyorFault | undefined;
  requests = 0;
  readonly #repository: string;
  readonly #token: string;
  readonly #unexpected: string[] = [];
  readonly #server = createServer((request, response) => this.#serve(request, response));

  constructor(repository: string, token: string) {
    this.#repository = repository;
    this.#token = token;
  }

  /** @returns the URL of the API */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** @throws Error if a request came that the API does not know */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
    if (this.#unexpected.length > 0) throw new Error(`not Conveyor's API: ${this.#unexpected.join(', ')}`);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    const { socket, headers, method, url = '' } = request.resume();
    const { fault } = this;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') return void socket.resetAndDestroy();
    if (fault?.kind === 'status') {
      return void response.writeHead(fault.status, fault.headers).end(fault.body);
    }
    const authorized = headers.authorization === `Bearer ${this.#token}`;
    const found = method === 'GET' ? this.#find(new URL(url, 'http://conveyor.test')) : undefined;
    if (found === undefined) this.#unexpected.push(`${method} ${url}`);
    const status = authorized ? (found?.status ?? 404) : 401;
    const text = JSON.stringify(status === 200 ? found?.body : { error: 'no' });
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    if (fault === undefined) return void response.end(text);
    response.write(text.slice(0, text.length / 2), () => {
      if (fault.kind === 'truncate') socket.destroy();
    });
  }

  /** @returns undefined if the API has no such path or parameter */
  #find({ pathname, searchParams }: URL): { readonly status: number; readonly body?: unknown } | undefined {
    const [, repository, rest = ''] = /^\/v1\/([^/]+\/[^/]+)\/(.+)$/.exec(decodeURIComponent(pathname)) ?? [];
    if (repository === undefined) return undefined;
    if (repository !== this.#repository) return { status: 404 };
    const [collection, id, below] = rest.split('/');
    const known = [...searchParams.keys()].every((key) => ['before', 'branch', 'pull_request'].includes(key));
    if (collection === 'builds' && id === undefined && known) {
      return { status: 200, body: this.#list(searchParams) };
    }
    if (searchParams.size > 0) return undefined;
    if (collection === 'builds') {
      const build = this.builds.find((each) => each.id === id);
      return build === undefined ? { status: 404 } : { status: 200, body: build };
    }
    return collection === 'commits' && below === 'checks'
      ? { status: 200, body: this.checks.get(id ?? '') ?? [] }
      : undefined;
  }

  #list(query: URLSearchParams): ConveyorBuild[] {
    const [before, branch, pullRequest] = ['before', 'branch', 'pull_request'].map((key) => query.get(key));
    return this.builds
      .filter((build) => before == null || build.number < Number(before))
      .filter((build) => branch == null || build.branch === branch)
      .filter((build) => pullRequest == null || build.pull_request?.number === Number(pullRequest))
      .slice(0, PAGE_SIZE);
  }
}
