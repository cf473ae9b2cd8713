/** The registries behind one interface: from tags to digests, and from a digest to the commit that the image says it was built from. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { RevisionResult } from '../resolve/ports.ts';
import { createAbsenceVerifier } from './manifest/absence.ts';
import { createAuthorizer, type Access, type AuthorizerDeps, type Session } from './auth/session.ts';
import { createBackoff, type Outcome } from './denied-pauses.ts';
import type { Credential } from './credentials/credential.ts';
import { createEndpoints, type RegistrySettings } from './endpoints.ts';
import { describeError, NoAccess, OwnTrouble } from './failure.ts';
import { fetchBlob, fetchDigest } from './manifest/fetch.ts';
import { createGrantFinder } from './auth/grant.ts';
import { createHostGate } from '../resilience/host-limiter.ts';
import {
  findAnnotatedRevision,
  InvalidManifest,
  MAX_CONFIG_BYTES,
  parseConfigDigest,
  parseRevision,
} from './manifest/manifest.ts';
import { apiHost, formatReference } from '../image/reference.ts';
import { PlatformResolver, resolveWhole } from './manifest/platform.ts';
import type { Absent, Target } from './manifest/target.ts';
import { createTokenSource } from './auth/token.ts';
import { createTransport, type TransportDeps } from './transport.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import type { DigestResult, RegistryClient } from './registry-client.ts';
import { formatPlatform, normalizePlatform } from '../image/platform.ts';

/** What differs by registry (`credentialFor`, `dispatcherFor`) is asked for each time, so that it may renew. */
export type RegistryClientDeps = Omit<TransportDeps, 'endpoints' | 'gate'> &
  Pick<AuthorizerDeps, 'credentialFor'> & {
    /** The configuration's `registries`. */
    readonly registries: Readonly<Record<string, RegistrySettings>>;
    /** Requests at one time, for each host. */
    readonly maxConcurrent: number;
    /**
     * Told of a credential with which a registry has denied access.
     * @returns whether it was dropped, so that another one may be had; left out: none is
     */
    readonly forgetCredential?: (refused: Credential) => boolean;
  };

/** What `greenpin check` shows of a registry. */
export interface ImageProbe {
  readonly result: DigestResult;
  /** Undefined when the credential itself could not be had. */
  readonly access: Access | undefined;
}

export interface ProbingRegistryClient extends RegistryClient {
  /** `resolveDigest`, with the credential and the scheme that it took. Never throws. */
  probe(reference: ImageReference, platform?: Platform): Promise<ImageProbe>;
}

type Failed = { readonly kind: 'failed'; readonly failure: UpstreamFailure };
type Answer = DigestResult | RevisionResult;

interface Asked<Result extends Answer> {
  readonly result: Result | Failed;
  readonly access: Access | undefined;
  /** The registry was asked, and not left alone. */
  readonly isFresh: boolean;
}

interface Question<Result extends Answer> {
  readonly reference: ImageReference;
  /** What else tells it from others about the reference. */
  readonly what: string;
  readonly resolve: (target: Target) => Promise<Result>;
}

/** Signatures, attestations and SBOMs of cosign, and the referrers of registries without the API (distribution-spec). */
const ATTACHMENT_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z]+)?$/;

export function createRegistryClient(deps: RegistryClientDeps): ProbingRegistryClient {
  const { forgetCredential = () => false } = deps;
  const endpoints = createEndpoints(deps.registries);
  const fetchHttp = createTransport({ ...deps, endpoints, gate: createHostGate(deps) });
  const tokens = createTokenSource({ fetchHttp, now: deps.now });
  const grantFinder = createGrantFinder({ fetchHttp, endpoints });
  const platforms = new PlatformResolver();
  const absences = createAbsenceVerifier(deps);
  const backoff = createBackoff(deps);
  const openSession = createAuthorizer({ ...deps, fetchHttp, endpoints, grantFinder, tokens });

  async function askOnce<Result extends Answer>({
    reference,
    what,
    resolve,
  }: Question<Result>): Promise<Asked<Result>> {
    let session: Session | undefined;
    let isFresh = false;
    const result = await settle(reference, async () => {
      session = await openSession(reference);
      const leave = await backoff.enter({ reference, what, credential: session.access().credential });
      isFresh = true;
      const { host } = endpoints.apiUrl(reference.registry, '/');
      const target: Target = { reference, host, session, absences };
      try {
        const answer = await resolve(target);
        leave({ failure: undefined, of: 'image' });
        return answer;
      } catch (error) {
        leave({ failure: failureOf(error, reference), of: blame(error) });
        throw error;
      }
    });
    return { result, access: session?.access(), isFresh };
  }

  /** What a cloud has given for hours may have been withdrawn meanwhile: denied, it is asked once more with a new credential. */
  async function ask<Result extends Answer>(question: Question<Result>): Promise<Asked<Result>> {
    const asked = await askOnce(question);
    const { result, access, isFresh } = asked;
    const isDenied = result.kind === 'failed' && result.failure.kind === 'denied';
    if (!isDenied || !isFresh || access === undefined) return asked;
    return forgetCredential(access.credential) ? askOnce(question) : asked;
  }

  async function probe(reference: ImageReference, platform?: Platform): Promise<ImageProbe> {
    const what = `digest ${platform === undefined ? '' : formatPlatform(platform)}`;
    const { result, access } = await ask<DigestResult>({
      reference,
      what,
      async resolve(target) {
        const found = await resolveTarget(target, platform, platforms);
        if (found.kind === 'found') absences.remember(reference, found.digest);
        return found;
      },
    });
    return { result, access };
  }

  async function resolveRevision(reference: ImageReference, platform?: Platform): Promise<RevisionResult> {
    const what = `revision ${platform === undefined ? '' : formatPlatform(platform)}`;
    const { result } = await ask<RevisionResult>({
      reference,
      what,
      async resolve(target) {
        const { digest } = reference;
        if (digest === undefined)
          throw new InvalidManifest('bears no digest; only what is pinned has one revision');
        return resolveTargetRevision(target, digest, platform, platforms);
      },
    });
    return result;
  }

  return {
    resolveDigest: async (reference, platform) => (await probe(reference, platform)).result,
    probe,
    resolveRevision,
  };
}

async function resolveTarget(
  target: Target,
  platform: Platform | undefined,
  platforms: PlatformResolver,
): Promise<DigestResult> {
  const { digest, tag } = target.reference;
  const selector = digest ?? tag ?? 'latest';
  const result =
    platform === undefined
      ? await resolveAny(target, selector)
      : await platforms.resolvePlatform(selector, { target, platform: normalizePlatform(platform) });
  return result.kind === 'absent'
    ? result
    : { kind: 'found', digest: result.digest, mediaType: result.mediaType };
}

/** HEAD does not tell an image from another artifact. What is attached to an image bears a tag of its own form: that is read. */
async function resolveAny(
  target: Target,
  selector: string,
): Promise<Exclude<DigestResult, { kind: 'failed' }>> {
  const told = ATTACHMENT_TAG.test(selector) ? undefined : await fetchDigest(target, selector);
  return told ?? resolveWhole(target, selector);
}

async function resolveTargetRevision(
  target: Target,
  digest: string,
  platform: Platform | undefined,
  platforms: PlatformResolver,
): Promise<RevisionResult> {
  const image = await platforms.readImage(digest, {
    target,
    platform: platform && normalizePlatform(platform),
  });
  if (image.kind === 'absent') return withoutMissing(image);
  const { manifest, indexes } = image;
  const config = await fetchBlob(target, parseConfigDigest(manifest), MAX_CONFIG_BYTES);
  const said = [...indexes, manifest].map(findAnnotatedRevision);
  const revisions = new Set([...said, parseRevision(config)].filter((revision) => revision !== undefined));
  return { kind: 'found', revisions: [...revisions] };
}

function withoutMissing({ kind, reason }: Absent): RevisionResult {
  return { kind, reason };
}

/** Every error becomes a failure, which is never "absent". */
async function settle<Result>(
  reference: ImageReference,
  resolve: () => Promise<Result>,
): Promise<Result | Failed> {
  try {
    return await resolve();
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error, reference) };
  }
}

/** Only what a host says is of one image; whether it can be reached is of the host. */
function blame(error: unknown): Outcome['of'] {
  if (error instanceof NoAccess) return 'access';
  if (error instanceof OwnTrouble || error instanceof InvalidManifest) return 'image';
  const kind = error instanceof UpstreamError ? error.failure.kind : undefined;
  return kind === 'denied' || kind === 'malformed' ? 'image' : 'host';
}

function failureOf(error: unknown, reference: ImageReference): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  const host = apiHost(reference.registry);
  if (error instanceof InvalidManifest)
    return { kind: 'malformed', host, message: `${formatReference(reference)} ${error.message}` };
  return describeError(error, host).failure;
}
