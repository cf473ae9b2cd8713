/** The image of a query, and the result that it is absent. */
import type { Session } from '../auth/session.ts';
import { formatReference } from '../../image/reference.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { Digest, ImageReference } from '../../image/image.ts';
import type { DigestResult } from '../registry-client.ts';

export interface Target {
  readonly reference: ImageReference;
  /** The host of the registry's API, for messages. */
  readonly host: string;
  readonly session: Session;
  readonly absences: AbsenceVerifier;
}

export type Absent = Extract<DigestResult, { kind: 'absent' }>;

export interface AbsenceVerifier {
  /** Notes that the image repository has this manifest, for later verification. */
  remember(reference: ImageReference, digest: Digest): void;
  /**
   * @param response the 404 to a GET of the manifest
   * @param selector the requested tag or digest
   * @throws UpstreamError unless the image is proven to be absent
   */
  verify(response: HttpResponse, target: Target, selector: string): Promise<Absent>;
}

/** @param predicate completes a sentence whose subject is the image: `is not in the registry` */
export function absent({ reference }: Pick<Target, 'reference'>, predicate: string): Absent {
  return { kind: 'absent', missing: 'manifest', reason: `${formatReference(reference)} ${predicate}` };
}
