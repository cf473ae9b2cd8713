/** The image that a question is about, and what it means that it is not there. */
import type { Session } from '../auth/session.ts';
import { formatReference } from '../../image/reference.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { Digest, ImageReference } from '../../image/image.ts';
import type { DigestResult } from '../registry-client.ts';

export interface Target {
  readonly reference: ImageReference;
  /** That serves the registry's API, for messages. */
  readonly host: string;
  readonly session: Session;
  readonly absences: AbsenceJudge;
}

export type Absent = Extract<DigestResult, { kind: 'absent' }>;

export interface AbsenceJudge {
  /** Keeps in mind that the image repository has this manifest. */
  remember(reference: ImageReference, digest: Digest): void;
  /**
   * @param response the 404 to a GET of the manifest
   * @param selector the tag or digest that was asked for
   * @throws UpstreamError unless it is proven that the image is not there
   */
  explain(response: HttpResponse, target: Target, selector: string): Promise<Absent>;
}

/** @param what goes after the image's name */
export function absent({ reference }: Pick<Target, 'reference'>, what: string): Absent {
  return { kind: 'absent', missing: 'manifest', reason: `${formatReference(reference)} ${what}` };
}
