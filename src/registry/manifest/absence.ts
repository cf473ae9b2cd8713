/**
 * Verifies that a 404 means that an image is absent. A proxy's 404 must not delete an environment, so either
 * the body has the form of the specification, or a second request confirms it. A healthy `/v2/` confirms
 * nothing: a proxy may route it elsewhere.
 */
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import type { UpstreamError } from '../../errors.ts';
import { credentialIdentity } from '../credentials/credential.ts';
import { denied } from '../failure.ts';
import { malformed } from '../../upstream/failures.ts';
import { ACCEPT, MAX_MANIFEST_BYTES } from './manifest.ts';
import { CircuitBreaker } from '../../resilience/circuit-breaker.ts';
import { formatReference, imageRepository } from '../../image/reference.ts';
import { classifyNotFound } from './registry-error.ts';
import { findListedTag } from './tag-list.ts';
import { absent, type Absent, type AbsenceVerifier, type Target } from './target.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';
import type { Clock } from '../../clock.ts';
import { parseDigest, type Digest } from '../../image/image.ts';

const MAX_REPOSITORIES = 5000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 300_000;

export function createAbsenceVerifier(deps: {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
}): AbsenceVerifier {
  const known = createBoundedCache<Digest>(MAX_REPOSITORIES);
  const breaker = new CircuitBreaker({ ...deps, trials: 'one', maxKeys: MAX_REPOSITORIES });

  async function verify(response: HttpResponse, target: Target, selector: string): Promise<Absent> {
    switch (classifyNotFound(response.body)) {
      case 'denied': {
        const { credential } = target.session.authMethod();
        throw denied(target.host, imageRepository(target.reference), credential, response.body);
      }
      case 'repository':
        return withoutRepository(target);
      case 'manifest':
        return absent(target, 'is not in the registry');
      case 'unproven':
        return confirm(target, selector);
    }
  }

  /** After an inconclusive confirmation, pauses before the next one for the same image repository. */
  async function confirm(target: Target, selector: string): Promise<Absent> {
    const key = `${imageRepository(target.reference)} ${credentialIdentity(target.session.authMethod().credential)}`;
    const unproven = createUnprovenError(target);
    let permit;
    try {
      permit = await breaker.enter(key);
    } catch {
      throw unproven;
    }
    let answer: Absent | 'listed' | 'inconclusive' | undefined;
    try {
      answer = await checkTagList(target, selector);
      if (answer === 'inconclusive' && (await isGone(target, selector)))
        answer = absent(target, 'is not in the registry');
    } finally {
      const trip = { failure: unproven.failure, ms: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS };
      if (answer === undefined) permit.end('inconclusive');
      else permit.end(answer === 'inconclusive' ? trip : 'works');
    }
    if (typeof answer === 'object') return answer;
    throw answer === 'listed' ? createContradictionError(target) : unproven;
  }

  /** True if manifests are reachable, proven by one seen earlier, and this one is still missing. */
  async function isGone({ session, reference }: Target, selector: string): Promise<boolean> {
    const knownDigest = known.get(imageRepository(reference));
    if (knownDigest === undefined || knownDigest === selector) return false;
    const response = await session.send('HEAD', `manifests/${knownDigest}`, MAX_MANIFEST_BYTES, ACCEPT);
    if (response.status !== 200 || headerValue(response, 'docker-content-digest') !== knownDigest)
      return false;
    return (await session.send('GET', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT)).status === 404;
  }

  return {
    remember: (reference, digest) => void known.set(imageRepository(reference), digest),
    verify,
  };
}

/** @returns `listed` if the tag list contradicts the 404; `inconclusive` if it does not help */
async function checkTagList(target: Target, selector: string): Promise<Absent | 'listed' | 'inconclusive'> {
  if (parseDigest(selector) !== undefined) return 'inconclusive';
  switch (await findListedTag(target.session, selector)) {
    case 'listed':
      return 'listed';
    case 'not listed':
      return absent(target, 'is not in the registry');
    case 'no repository':
      return withoutRepository(target);
    case 'inconclusive':
      return 'inconclusive';
  }
}

function withoutRepository({ reference: { registry, path } }: Target): Absent {
  const reason = `${registry} has no image repository ${path}; check the spelling`;
  return { kind: 'absent', missing: 'repository', reason };
}

function createUnprovenError({ host, reference }: Target): UpstreamError {
  const text = formatReference(reference);
  return malformed(
    host,
    `${host} answers 404 for ${text}, but not in the form of a registry; the answer may come from a proxy`,
  );
}

function createContradictionError({ host, reference }: Target): UpstreamError {
  const text = formatReference(reference);
  return malformed(host, `${host} answers 404 for ${text} but lists the tag; the 404 may come from a proxy`);
}
