/** Whose image it is, by the revision that its label or an annotation names (design §2, "A tag that can move"). Pure. */
import type { KnownRuns } from './rival-runs.ts';
import type { EvaluatedBuild } from './select-builds.ts';

/**
 * - `own`: the build's, that is proven
 * - `other`: another commit's
 * - `unproven`: no revision, or one that tells nothing
 */
export type Ownership = 'own' | 'other' | 'unproven';

/** What is shorter than Git's own default abbreviation is no commit. */
const WHOLE_COMMIT = 40;
const BEGINNING = /^[0-9a-f]{7,64}(?![0-9a-f])/i;

/**
 * One revision that names the build's commit is proof: an image may inherit its base image's label, but not by chance bear the commit.
 * @param revisions of the image: the annotation of the index or the manifest, the label of its configuration
 */
export function judgeRevisions(
  revisions: readonly string[],
  evaluated: EvaluatedBuild,
  known: KnownRuns,
): Ownership {
  const owners = new Set(
    revisions.map((revision) => judgeRevision(revision.trim().toLowerCase(), evaluated, known)),
  );
  if (owners.has('own')) return 'own';
  return owners.has('other') ? 'other' : 'unproven';
}

function judgeRevision(revision: string, { build, checkedOut }: EvaluatedBuild, known: KnownRuns): Ownership {
  const { commit } = build;
  const [hex] = BEGINNING.exec(revision) ?? [];
  if (hex === undefined) return 'unproven';
  if (commit.startsWith(hex))
    return hex === revision && isUnambiguous(hex, commit, known) ? 'own' : 'unproven';
  // The commit that CI made for a pull request (its merge with the base) has no run of its own.
  if (isKnownCommit(hex, known)) return 'other';
  return checkedOut && looksLikeCommit(hex, revision) ? 'other' : 'unproven';
}

/** `1a2b3c4d-dirty` is meant as a commit, `20260101-nightly` as a date. */
function looksLikeCommit(hex: string, revision: string): boolean {
  return hex === revision || hex.length >= WHOLE_COMMIT || /[a-f]/.test(hex);
}

/** An abbreviation proves nothing where another commit of the repository begins with it: such a commit can be made at will. */
function isUnambiguous(hex: string, commit: string, known: KnownRuns): boolean {
  return hex === commit || known.peekCommit(hex).every((run) => run.commit === commit);
}

function isKnownCommit(hex: string, known: KnownRuns): boolean {
  return known.peekCommit(hex).length > 0;
}
