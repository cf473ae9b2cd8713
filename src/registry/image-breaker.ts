/**
 * Circuit breakers for queries that a registry denied or answered with an invalid response, since it will
 * usually do so again. Another credential is tried at once.
 */
import type { Clock } from '../clock.ts';
import type { UpstreamFailure } from '../errors.ts';
import type { ImageReference } from '../image/image.ts';
import { formatReference, imageRepository } from '../image/reference.ts';
import { createBoundedCache } from '../resilience/bounded-cache.ts';
import { CircuitBreaker, type Outcome, type Trip } from '../resilience/circuit-breaker.ts';
import { credentialIdentity, type Credential } from './credentials/credential.ts';

export interface ImageQuery {
  readonly reference: ImageReference;
  /** Distinguishes it from other queries about the same reference. */
  readonly variant: string;
  readonly credential: Credential;
}

export interface QueryOutcome {
  /** Undefined if there was an answer. */
  readonly failure: UpstreamFailure | undefined;
  /** What failed: this image, authentication, or the host (which has a breaker of its own). */
  readonly scope: 'image' | 'access' | 'host';
}

/** The state of an image repository for one source of credentials. */
interface Standing {
  /** True if something in it has been read since the last denial. */
  isOpen: boolean;
  /** References that were denied since. */
  readonly denied: Set<string>;
  /** Length of the repository's last pause in milliseconds; 0 if it has had none. */
  ms: number;
  until: number;
}

type Escalation = Required<Omit<Trip, 'failure'>>;

const MAX_QUERIES = 20_000;
const MAX_REPOSITORIES = 5000;
/** Shorter than for one image, so that another image can find out whether the repository is open again. */
const REPOSITORY_DENIED: Escalation = { ms: 10_000, longestMs: 300_000 };
const IMAGE_DENIED: Escalation = { ms: 15_000, longestMs: 300_000 };
/** Short pauses, since outages end by themselves and recovery should be noticed soon. */
const OUTAGE: Escalation = { ms: 2000, longestMs: 30_000 };
/**
 * Some registries deny images that do not exist (virtual repositories of Artifactory, sigstore/cosign#2973).
 * If other images can be read, it takes this many denied ones before the whole repository counts as denied.
 */
const DENIED_IMAGES = 4;

export class ImageBreaker {
  readonly #now: Clock;
  readonly #queries: CircuitBreaker;
  readonly #repositories: CircuitBreaker;
  /** By source, not by credential, since new credentials from a cloud must not shorten the pauses. */
  readonly #standings = createBoundedCache<Standing>(MAX_REPOSITORIES);

  constructor(deps: { readonly now: Clock; readonly delay: (ms: number) => Promise<void> }) {
    this.#now = deps.now;
    this.#queries = new CircuitBreaker({ ...deps, trials: 'one', maxKeys: MAX_QUERIES });
    this.#repositories = new CircuitBreaker({ ...deps, trials: 'one', maxKeys: MAX_REPOSITORIES });
  }

  /**
   * @returns a function that must be called exactly once, with the outcome
   * @throws UpstreamError with the last failure while the query is paused
   */
  async enter({ reference, variant, credential }: ImageQuery): Promise<(outcome: QueryOutcome) => void> {
    const text = formatReference(reference);
    const repository = imageRepository(reference);
    const identity = credentialIdentity(credential);
    const forQuery = await this.#queries.enter(JSON.stringify([text, variant, identity]));
    const entering = this.#repositories.enter(JSON.stringify([repository, identity]));
    const forRepository = await entering.catch((error: unknown) => {
      forQuery.end('inconclusive');
      throw error;
    });
    return (outcome) => {
      const standing = this.#standing(repository, credential);
      forQuery.end(judgeQuery(outcome));
      forRepository.end(this.#judgeRepository(standing, text, outcome, forRepository.isTrial));
    };
  }

  #standing(repository: string, { source }: Credential): Standing {
    const key = JSON.stringify([repository, source]);
    const standing = this.#standings.get(key) ?? { isOpen: false, denied: new Set(), ms: 0, until: 0 };
    this.#standings.set(key, standing);
    return standing;
  }

  #judgeRepository(
    standing: Standing,
    text: string,
    { failure, scope }: QueryOutcome,
    isTrial: boolean,
  ): Outcome {
    if (failure === undefined || (scope === 'image' && failure.kind !== 'denied')) {
      standing.isOpen = true;
      standing.ms = 0;
      standing.denied.clear();
      return 'works';
    }
    if (scope === 'host' || failure.kind === 'rate_limited') return 'inconclusive';
    if (isOutage(failure)) {
      const ms = this.#escalate(standing, OUTAGE);
      // The first failure proves little, since the next caller may well get a token.
      return standing.ms === OUTAGE.ms ? 'inconclusive' : { failure, ms };
    }
    standing.denied.add(text);
    const isOneImage = standing.isOpen && !isTrial && standing.denied.size < DENIED_IMAGES;
    if (isOneImage) return 'inconclusive';
    standing.isOpen = false;
    standing.denied.clear();
    return { failure, ms: this.#escalate(standing, REPOSITORY_DENIED) };
  }

  /** Concurrent failures count as one. @returns what remains of the pause, in milliseconds */
  #escalate(standing: Standing, { ms, longestMs }: Escalation): number {
    const left = standing.until - this.#now();
    if (left <= 0 || left > standing.ms || standing.ms === 0) {
      standing.ms = standing.ms === 0 ? ms : Math.min(standing.ms * 2, longestMs);
      standing.until = this.#now() + standing.ms;
    }
    return standing.until - this.#now();
  }
}

function judgeQuery({ failure, scope }: QueryOutcome): Outcome {
  if (failure === undefined) return 'works';
  if (scope !== 'image' && failure.kind !== 'denied') return 'inconclusive';
  return { failure, ...(isOutage(failure) ? OUTAGE : IMAGE_DENIED) };
}

function isOutage({ kind }: UpstreamFailure): boolean {
  return kind !== 'denied' && kind !== 'malformed';
}
