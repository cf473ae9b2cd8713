/** A GitHub provider against a server on loopback, with what it told its observer. */
import { Agent } from 'undici';
import { vi } from 'vitest';
import type { UpstreamFailure } from '../../../src/errors.ts';
import { UpstreamError } from '../../../src/errors.ts';
import type { CiDeps } from '../../../src/ci/deps.ts';
import type { GitHubAuth } from '../../../src/ci/github/auth.ts';
import { createCiProvider } from '../../../src/ci/kinds.ts';
import type { UpstreamObserver } from '../../../src/upstream/observer.ts';

/** The time when tests begin; they move it themselves. */
export const NOW = Date.parse('2026-01-01T00:30:00Z');

export interface ConnectOptions extends Partial<CiDeps> {
  readonly auth?: GitHubAuth;
  readonly name?: string;
}

/** Remembers what it is told. */
export function createObserver() {
  return { requested: vi.fn<UpstreamObserver['requested']>(), quota: vi.fn<UpstreamObserver['quota']>() };
}

export function connect(
  url: string,
  { auth = { kind: 'none' }, name = 'hub', ...deps }: ConnectOptions = {},
) {
  const agent = new Agent();
  const observer = createObserver();
  const provider = createCiProvider(
    { name, kind: 'github', url, auth },
    { now: () => NOW, timeoutMs: 10_000, observer, dispatcherFor: () => agent, ...deps },
  );
  return { provider, observer, host: new URL(url).host };
}

/** @returns what the call failed with; a call that succeeds, or fails in another way, fails the test */
export async function failureOf(call: Promise<unknown>): Promise<UpstreamFailure> {
  const outcome = await call.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (outcome instanceof UpstreamError) return outcome.failure;
  throw outcome;
}
