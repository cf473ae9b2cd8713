/**
 * Whether a 404 means that an image is not there. A proxy's 404 must not delete an environment: either the body is of the
 * specification's form, or a second way agrees. A healthy `/v2/` is none: what stands in front may route it elsewhere.
 */
import { LRUCache } from 'lru-cache';
import type { UpstreamError } from '../../errors.ts';
import { credentialIdentity } from '../credentials/credential.ts';
import { denied } from '../failure.ts';
import { malformed } from '../../upstream/failures.ts';
import { ACCEPT, MAX_MANIFEST_BYTES } from './manifest.ts';
import { createPauses } from '../../resilience/pauses.ts';
import { formatReference, imageRepository } from '../../image/reference.ts';
import { judgeAbsence } from './registry-error.ts';
import { listsTag } from './tag-list.ts';
import { absent, type Absent, type AbsenceJudge, type Target } from './target.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';
import type { Clock } from '../../clock.ts';
import type { Digest } from '../../image/image.ts';
import { parseDigest } from '../../image/digest.ts';

const MAX_REPOSITORIES = 5000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 300_000;

export function createAbsenceJudge(deps: {
  readonly now: Clock;
  readonly delay: (ms: number) => Promise<void>;
}): AbsenceJudge {
  const known = new LRUCache<string, Digest>({ max: MAX_REPOSITORIES });
  const pauses = createPauses({ ...deps, max: MAX_REPOSITORIES });

  async function explain(response: HttpResponse, target: Target, selector: string): Promise<Absent> {
    switch (judgeAbsence(response.body)) {
      case 'denied': {
        const { credential } = target.session.access();
        throw denied(target.host, imageRepository(target.reference), credential, response.body);
      }
      case 'repository':
        return withoutRepository(target);
      case 'manifest':
        return absent(target, 'is not in the registry');
      case 'unproven':
        return askAgain(target, selector);
    }
  }

  /** Where no second way has told anything, the next caller for the image repository need not try them at once. */
  async function askAgain(target: Target, selector: string): Promise<Absent> {
    const key = `${imageRepository(target.reference)} ${credentialIdentity(target.session.access().credential)}`;
    const doubt = doubtful(target);
    let visit;
    try {
      visit = await pauses.enter(key);
    } catch {
      throw doubt;
    }
    let answer: Absent | 'there' | 'untold' | undefined;
    try {
      answer = await askTags(target, selector);
      if (answer === 'untold' && (await isGone(target, selector)))
        answer = absent(target, 'is not in the registry');
    } finally {
      const ms = Math.min(FIRST_PAUSE_MS * 2 ** visit.failures, LONGEST_PAUSE_MS);
      if (answer === undefined) visit.leave('untold');
      else visit.leave(answer === 'untold' ? { failure: doubt.failure, ms } : 'works');
    }
    if (typeof answer === 'object') return answer;
    throw answer === 'there' ? contradicted(target) : doubt;
  }

  /** A manifest that was there lately is there, and this one still is not: then the way to manifests is open. */
  async function isGone({ session, reference }: Target, selector: string): Promise<boolean> {
    const witness = known.get(imageRepository(reference));
    if (witness === undefined || witness === selector) return false;
    const there = await session.send('HEAD', `manifests/${witness}`, MAX_MANIFEST_BYTES, ACCEPT);
    if (there.status !== 200 || headerValue(there, 'docker-content-digest') !== witness) return false;
    return (await session.send('GET', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT)).status === 404;
  }

  return {
    remember: (reference, digest) => void known.set(imageRepository(reference), digest),
    explain,
  };
}

/** @returns `there` when the registry lists the tag all the same; `untold` when it tells nothing of it */
async function askTags(target: Target, selector: string): Promise<Absent | 'there' | 'untold'> {
  if (parseDigest(selector) !== undefined) return 'untold';
  switch (await listsTag(target.session, selector)) {
    case 'listed':
      return 'there';
    case 'not listed':
      return absent(target, 'is not in the registry');
    case 'no repository':
      return withoutRepository(target);
    case 'untold':
      return 'untold';
  }
}

function withoutRepository({ reference: { registry, path } }: Target): Absent {
  const reason = `${registry} has no image repository ${path}; check its spelling`;
  return { kind: 'absent', missing: 'repository', reason };
}

function doubtful({ host, reference }: Target): UpstreamError {
  const text = formatReference(reference);
  return malformed(
    host,
    `${host} answers 404 for ${text}, but not as a registry does; a proxy may have answered`,
  );
}

function contradicted({ host, reference }: Target): UpstreamError {
  const text = formatReference(reference);
  return malformed(host, `${host} answers 404 for ${text}, but lists the tag; a proxy may have answered`);
}
