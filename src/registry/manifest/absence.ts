/**
 * Verifies that a 404 means that an image is absent. A proxy's 404 must not delete an environment, so either
 * the body has the form of the specification, or a second request confirms it. A healthy `/v2/` confirms
 * nothing: a proxy may route it elsewhere.
 */
import { createBoundedCache } from '../../resilience/bounded-cache.ts';
import type { UpstreamError } from '../../errors.ts';
import { credentialIdentity, type Credential } from '../credentials/credential.ts';
import { denied } from '../failure.ts';
import { malformed } from '../../upstream/failures.ts';
import { ACCEPT, MAX_MANIFEST_BYTES } from './manifest.ts';
import { CircuitBreaker, type Outcome } from '../../resilience/circuit-breaker.ts';
import { formatReference, imageRepository } from '../../image/reference.ts';
import { classifyNotFound } from './registry-error.ts';
import { findListedTag } from './tag-list.ts';
import type { Session } from '../auth/session.ts';
import type { DigestResult } from '../registry-client.ts';
import { headerValue, type HttpResponse } from '../../upstream/http-client.ts';
import type { Clock } from '../../clock.ts';
import { parseDigest, type Digest, type ImageReference } from '../../image/image.ts';

const MAX_REPOSITORIES = 5000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 300_000;

/** The image of a query. */
export interface Target {
  readonly reference: ImageReference;
  /** The host of the registry's API, for messages. */
  readonly host: string;
  readonly session: Session;
  readonly absences: AbsenceVerifier;
}

export type Absent = Extract<DigestResult, { kind: 'absent' }>;

export class AbsenceVerifier {
  readonly #known = createBoundedCache<Digest>(MAX_REPOSITORIES);
  readonly #breaker: CircuitBreaker;

  constructor(deps: { readonly now: Clock; readonly delay: (ms: number) => Promise<void> }) {
    this.#breaker = new CircuitBreaker({ ...deps, trials: 'one', maxKeys: MAX_REPOSITORIES });
  }

  /** Notes that the image repository has this manifest, for later verification. */
  remember(reference: ImageReference, digest: Digest): void {
    this.#known.set(imageRepository(reference), digest);
  }

  /**
   * @param response the 404 to a GET of the manifest
   * @param selector the requested tag or digest
   * @throws UpstreamError unless the image is proven to be absent
   */
  async verify({ body }: HttpResponse, target: Target, selector: string): Promise<Absent> {
    const { credential } = target.session.authMethod();
    switch (classifyNotFound(body)) {
      case 'denied':
        throw denied(target.host, imageRepository(target.reference), credential, body);
      case 'repository':
        return withoutRepository(target);
      case 'manifest':
        return absent(target, 'is not in the registry');
      case 'unproven':
        return this.#confirm(target, selector, credential);
    }
  }

  /** After an inconclusive confirmation, pauses before the next one for the same image repository. */
  async #confirm(target: Target, selector: string, credential: Credential): Promise<Absent> {
    const unproven = createError(
      target,
      ', but not in the form of a registry; the answer may come from a proxy',
    );
    const entering = this.#breaker.enter(
      `${imageRepository(target.reference)} ${credentialIdentity(credential)}`,
    );
    const permit = await entering.catch(() => {
      throw unproven;
    });
    let outcome: Outcome = 'inconclusive';
    try {
      const found = await this.#check(target, selector);
      const trip = { failure: unproven.failure, ms: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS };
      outcome = found === 'inconclusive' ? trip : 'works';
      if (typeof found === 'object') return found;
      throw found === 'listed'
        ? createError(target, ' but lists the tag; the 404 may come from a proxy')
        : unproven;
    } finally {
      permit.end(outcome);
    }
  }

  /** @returns `listed` if the tag list contradicts the 404; `inconclusive` if nothing confirms it */
  async #check(target: Target, selector: string): Promise<Absent | 'listed' | 'inconclusive'> {
    const listing =
      parseDigest(selector) === undefined ? await findListedTag(target.session, selector) : 'inconclusive';
    if (listing === 'no repository') return withoutRepository(target);
    if (listing === 'not listed' || (listing === 'inconclusive' && (await this.#isGone(target, selector)))) {
      return absent(target, 'is not in the registry');
    }
    return listing;
  }

  /** True if manifests are reachable, proven by one seen earlier, and this one is still missing. */
  async #isGone({ session, reference }: Target, selector: string): Promise<boolean> {
    const known = this.#known.get(imageRepository(reference));
    if (known === undefined || known === selector) return false;
    const response = await session.send('HEAD', `manifests/${known}`, MAX_MANIFEST_BYTES, ACCEPT);
    if (response.status !== 200 || headerValue(response, 'docker-content-digest') !== known) return false;
    return (await session.send('GET', `manifests/${selector}`, MAX_MANIFEST_BYTES, ACCEPT)).status === 404;
  }
}

/** @param predicate completes a sentence whose subject is the image: `is not in the registry` */
export function absent({ reference }: Pick<Target, 'reference'>, predicate: string): Absent {
  return { kind: 'absent', missing: 'manifest', reason: `${formatReference(reference)} ${predicate}` };
}

function withoutRepository({ reference: { registry, path } }: Target): Absent {
  const reason = `${registry} has no image repository ${path}; check the spelling`;
  return { kind: 'absent', missing: 'repository', reason };
}

function createError({ host, reference }: Target, problem: string): UpstreamError {
  return malformed(host, `${host} answers 404 for ${formatReference(reference)}${problem}`);
}
