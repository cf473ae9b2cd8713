/** Resolves tags to digests, and digests to the commit that the image was built from. */
import { UpstreamError, type UpstreamFailure } from '../errors.ts';
import type { ImageReference, Platform } from '../image/image.ts';
import { formatPlatform } from '../image/platform.ts';
import { apiHost, formatReference } from '../image/reference.ts';
import { HostLimiter } from '../resilience/host-limiter.ts';
import { toUpstreamError } from '../upstream/connection-failure.ts';
import type { RevisionResult } from '../resolve/ports.ts';
import { Authorizer } from './auth/authorizer.ts';
import { Session, type AuthMethod } from './auth/session.ts';
import { TokenSource } from './auth/token.ts';
import type { Credential } from './credentials/credential.ts';
import { Endpoints } from './endpoints.ts';
import type { RegistrySettings } from './settings.ts';
import { NoAccess, OwnTrouble } from './failure.ts';
import { ImageBreaker, type ImageQuery, type QueryOutcome } from './image-breaker.ts';
import { AbsenceVerifier, type Target } from './manifest/absence.ts';
import { fetchConfig, fetchDigest } from './manifest/fetch.ts';
import { findAnnotatedRevision, InvalidManifest, parseRevision } from './manifest/manifest.ts';
import { PlatformResolver, resolveWhole } from './manifest/platform.ts';
import type { DigestResult, RegistryClient } from './registry-client.ts';
import { createTransport, type FetchHttp, type TransportDeps } from './transport.ts';

/** `credentialFor` and `dispatcherFor` are called each time, so that they may renew what they return. */
export type RegistryClientDeps = Omit<TransportDeps, 'endpoints' | 'gate'> & {
  /** The configuration's `registries`. */
  readonly registries: Readonly<Record<string, Pick<RegistrySettings, 'http'>>>;
  /** Maximum number of concurrent requests per host. */
  readonly maxConcurrent: number;
  /** May fetch and renew: cloud identities use `fetchHttp` at the registry itself. Throws UpstreamError. */
  readonly credentialFor: (reference: ImageReference, fetchHttp: FetchHttp) => Promise<Credential>;
  /**
   * Called with a credential that a registry has rejected; omitted if credentials never change.
   * @returns whether it was dropped, so that another one may be available
   */
  readonly forgetCredential?: (denied: Credential) => boolean;
};

/** The result of a query, with details for `greenpin check`. */
export interface ImageProbe {
  readonly result: DigestResult;
  /** Undefined if the credential could not be read or fetched. */
  readonly access: AuthMethod | undefined;
}

type Failed = Extract<DigestResult, { kind: 'failed' }>;
type Answer = DigestResult | RevisionResult;

interface Answered<Result extends Answer> {
  readonly result: Result | Failed;
  readonly access: AuthMethod | undefined;
  /** False if a breaker rejected the query before it was sent. */
  readonly wasSent: boolean;
}

interface Query<Result extends Answer> extends Omit<ImageQuery, 'credential'> {
  readonly resolve: (target: Target) => Promise<Result>;
}

/** Signatures, attestations and SBOMs of cosign; referrers in registries without that API. */
const ATTACHMENT_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z]+)?$/;

export class HttpRegistryClient implements RegistryClient {
  readonly #deps: RegistryClientDeps;
  readonly #endpoints: Endpoints;
  readonly #fetchHttp: FetchHttp;
  readonly #authorizer: Authorizer;
  readonly #breaker: ImageBreaker;
  readonly #absences: AbsenceVerifier;
  readonly #platforms = new PlatformResolver();

  constructor(deps: RegistryClientDeps) {
    this.#deps = deps;
    const endpoints = new Endpoints(deps.registries);
    const fetchHttp = createTransport({ ...deps, endpoints, gate: new HostLimiter(deps) });
    const tokens = new TokenSource({ fetchHttp, now: deps.now });
    this.#endpoints = endpoints;
    this.#fetchHttp = fetchHttp;
    this.#authorizer = new Authorizer({ fetchHttp, endpoints, tokens, delay: deps.delay });
    this.#breaker = new ImageBreaker(deps);
    this.#absences = new AbsenceVerifier(deps);
  }

  async resolveDigest(reference: ImageReference, platform?: Platform): Promise<DigestResult> {
    return (await this.probe(reference, platform)).result;
  }

  /** Like `resolveDigest`, but also returns the credential and scheme that were used. Never throws. */
  async probe(reference: ImageReference, platform?: Platform): Promise<ImageProbe> {
    const resolve = async (target: Target): Promise<DigestResult> => {
      const found = await this.#resolveTarget(target, platform);
      if (found.kind === 'found') this.#absences.remember(reference, found.digest);
      return found;
    };
    const { result, access } = await this.#query({
      reference,
      variant: toVariant('digest', platform),
      resolve,
    });
    return { result, access };
  }

  async resolveRevision(reference: ImageReference, platform?: Platform): Promise<RevisionResult> {
    const resolve = (target: Target) => this.#readRevision(target, platform);
    return (await this.#query({ reference, variant: toVariant('revision', platform), resolve })).result;
  }

  /** A cloud credential may be revoked before it expires, so if it is denied, a new one is tried. */
  async #query<Result extends Answer>(query: Query<Result>): Promise<Answered<Result>> {
    const answered = await this.#queryOnce(query);
    const { result, access, wasSent } = answered;
    const isDenied = result.kind === 'failed' && result.failure.kind === 'denied';
    if (!isDenied || !wasSent || access === undefined) return answered;
    return this.#deps.forgetCredential?.(access.credential) === true ? this.#queryOnce(query) : answered;
  }

  /** Turns every error into a failure, which never means "absent". */
  async #queryOnce<Result extends Answer>(query: Query<Result>): Promise<Answered<Result>> {
    const { reference, variant, resolve } = query;
    const endpoints = this.#endpoints;
    let session: Session | undefined;
    let leave: ((outcome: QueryOutcome) => void) | undefined;
    try {
      const credential = await this.#deps.credentialFor(reference, this.#fetchHttp);
      session = new Session({ reference, credential }, this.#authorizer, endpoints);
      leave = await this.#breaker.enter({ reference, variant, credential });
      const { host } = endpoints.apiUrl(reference.registry, '/');
      const result = await resolve({ reference, host, session, absences: this.#absences });
      leave({ failure: undefined, scope: 'image' });
      return { result, access: session.authMethod(), wasSent: true };
    } catch (error) {
      const failure = toFailure(error, reference);
      leave?.({ failure, scope: judgeScope(error) });
      const wasSent = leave !== undefined;
      return { result: { kind: 'failed', failure }, access: session?.authMethod(), wasSent };
    }
  }

  /** HEAD does not distinguish images from other artifacts, so an attachment tag's manifest is read. */
  async #resolveTarget(target: Target, platform: Platform | undefined): Promise<DigestResult> {
    const { digest, tag } = target.reference;
    const selector = digest ?? tag ?? 'latest';
    const isHeadEnough = platform === undefined && !ATTACHMENT_TAG.test(selector);
    const headed = isHeadEnough ? await fetchDigest(target, selector) : undefined;
    if (headed !== undefined) return headed;
    const result =
      platform === undefined
        ? await resolveWhole(target, selector)
        : await this.#platforms.resolvePlatform(selector, target, platform);
    if (result.kind === 'absent') return result;
    return { kind: 'found', digest: result.digest, mediaType: result.mediaType };
  }

  async #readRevision(target: Target, platform: Platform | undefined): Promise<RevisionResult> {
    const { digest } = target.reference;
    if (digest === undefined) {
      throw new InvalidManifest('has no digest; only a pinned image has one revision');
    }
    const image = await this.#platforms.readImage(digest, target, platform);
    if (image.kind === 'absent') return { kind: 'absent', reason: image.reason };
    const { manifest, indexes } = image;
    const config = await fetchConfig(target, manifest);
    const revisions = [...[...indexes, manifest].map(findAnnotatedRevision), parseRevision(config)];
    return { kind: 'found', revisions: [...new Set(revisions.filter((revision) => revision !== undefined))] };
  }
}

function toVariant(kind: string, platform: Platform | undefined): string {
  return `${kind} ${platform === undefined ? '' : formatPlatform(platform)}`;
}

/** A response affects one image; an unreachable host affects all of its images. */
function judgeScope(error: unknown): QueryOutcome['scope'] {
  if (error instanceof NoAccess) return 'access';
  if (error instanceof OwnTrouble || error instanceof InvalidManifest) return 'image';
  const kind = error instanceof UpstreamError ? error.failure.kind : undefined;
  return kind === 'denied' || kind === 'malformed' ? 'image' : 'host';
}

function toFailure(error: unknown, reference: ImageReference): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  const host = apiHost(reference.registry);
  if (error instanceof InvalidManifest)
    return { kind: 'malformed', host, message: `${formatReference(reference)} ${error.message}` };
  return toUpstreamError(error, { host }).failure;
}
