/** Determines which build an image belongs to, by the revision in its label or annotations. Pure. */
import type { KnownRuns } from './rival-runs.ts';
import { imageCommit, type BuildPart } from './evaluate-build.ts';

/**
 * - `own`: proven to be the build's
 * - `other`: proven to be another commit's
 * - `unproven`: no revision, or an inconclusive one
 */
export type Ownership = 'own' | 'other' | 'unproven';

/** Text shorter than Git's default abbreviation (7) does not count as a commit. */
const WHOLE_COMMIT = 40;
const BEGINNING = /^[0-9a-f]{7,64}(?![0-9a-f])/i;

/**
 * One revision with the build's commit is proof: an image may inherit its base image's label, but never
 * matches the commit by chance.
 * @param revisions of the image: the annotation of the index or the manifest, the label of its configuration
 */
export function evaluateRevisions(
  revisions: readonly string[],
  evaluated: BuildPart,
  known: KnownRuns,
): Ownership {
  const owners = new Set(
    revisions.map((revision) => evaluateRevision(revision.trim().toLowerCase(), evaluated, known)),
  );
  if (owners.has('own')) return 'own';
  return owners.has('other') ? 'other' : 'unproven';
}

function evaluateRevision(revision: string, { build, checkedOut }: BuildPart, known: KnownRuns): Ownership {
  const { commit, builtCommit } = build;
  const [hex] = BEGINNING.exec(revision) ?? [];
  if (hex === undefined) return 'unproven';
  if (builtCommit.startsWith(hex)) {
    return hex === revision && isUnambiguous(hex, builtCommit, known) ? 'own' : 'unproven';
  }
  // This is the head of a merge commit that CI built. CI may have built other merges of the same head.
  if (commit.startsWith(hex)) return 'unproven';
  // A merge commit that CI created for a pull request has no run of its own.
  if (isKnownCommit(hex, known)) return 'other';
  return checkedOut && looksLikeCommit(hex, revision) ? 'other' : 'unproven';
}

/** `1a2b3c4d-dirty` is a commit, `20260101-nightly` a date. */
function looksLikeCommit(hex: string, revision: string): boolean {
  return hex === revision || hex.length >= WHOLE_COMMIT || /[a-f]/.test(hex);
}

/** False if another commit has the same prefix: one can be crafted on purpose. */
function isUnambiguous(hex: string, commit: string, known: KnownRuns): boolean {
  return hex === commit || known.peekCommit(hex).every((run) => imageCommit(run) === commit);
}

function isKnownCommit(hex: string, known: KnownRuns): boolean {
  return known.peekCommit(hex).length > 0;
}
