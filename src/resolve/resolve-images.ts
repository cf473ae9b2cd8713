/** The images of one build: each tag to its digest, and whether that image really is this build's (design §2). */
import type { UpstreamFailure } from '../errors.ts';
import { MissingParameter, renderImageTemplate, TemplateError } from './image-template.ts';
import { judgeRevisions } from './judge-revision.ts';
import type { ImageSource, RunStanding } from './ports.ts';
import { findRivals, type KnownRuns } from './rival-runs.ts';
import { ruleKey } from './rule-key.ts';
import type { JudgedBuild } from './select-build.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage, Run } from './types.ts';

/** What was found of one image of one build. */
export type ImageFinding =
  | {
      readonly kind: 'pinned';
      readonly image: PinnedImage;
      /** When the registry last confirmed it, milliseconds since the epoch; null: need not be asked again. */
      readonly asOf: number | null;
      /** What CI must first be asked again for, since it told of the runs before the tag was read. */
      readonly unconfirmed?: Unconfirmed | undefined;
      /** The older build whose image it is (`onMissing: previous`). */
      readonly from?: Build;
    }
  | { readonly kind: 'absent'; readonly reference: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly reference: string; readonly failure: UpstreamFailure }
  /** The template needs what the caller did not pass: no registry was asked. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Runs whose state must be known as it was at `since` or later (milliseconds since the epoch, our clock). */
export interface Unconfirmed {
  readonly runs: readonly Run[];
  readonly since: number;
}

/** Findings by image name, in the configuration's order. */
export type ImageFindings = ReadonlyMap<string, ImageFinding>;

/** What is known while a question is answered. */
export interface ImageContext {
  readonly images: ImageSource;
  readonly runs: KnownRuns;
  /** When CI told the state of one of the branch's runs, by its id. */
  readonly standing: (runId: string) => RunStanding;
  /** When CI last listed the repository's runs, milliseconds since the epoch. */
  readonly listedAt: number;
  /** The digest that was proven to be the build's before; undefined: none was. */
  readonly pinBefore: (rule: ImageRule, build: Build) => PinnedImage | undefined;
}

/**
 * Milliseconds that pass at least between the moment at which CI makes a run and the moment at which it has pushed an image: a list of
 * runs that is older than the tag's reading by less is as good as one that came after.
 */
const PUSH_TAKES = 3_000;
/** The same for a first reading of a tag that only re-runs of the same commit push, which are few. */
const RERUN_TAKES = 60_000;

/** So many earlier attempts' tags are tried (`{attempt}`): each is a call. */
const MAX_EARLIER_ATTEMPTS = 10;

/** Resolves every image of a build, in parallel. Never throws. */
export async function resolveImages(
  judged: JudgedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFindings> {
  return new Map(
    await Promise.all(
      request.project.images.map(async (rule): Promise<[string, ImageFinding]> => [
        rule.name,
        await resolveImage(rule, judged, request, context),
      ]),
    ),
  );
}

/**
 * Resolves one image of a build. What was proven to be the build's image stays it, also when the tag has moved on or is gone, as long as
 * the registry has that digest. Never throws.
 */
export async function resolveImage(
  rule: ImageRule,
  judged: JudgedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const found = await readTags(rule, judged, request, context);
  if (found.kind !== 'absent') return found;
  const pin = context.pinBefore(rule, judged.build);
  if (pin === undefined) return found;
  const reference = `${pin.repository}@${pin.digest}`;
  const still = await context.images.readDigest(reference, { immutable: true });
  if (still.kind === 'found') {
    const doubt =
      rule.revision === 'require' &&
      (await doubtOwnership({ rule, judged, request, context }, pin, reference));
    return doubt || { kind: 'pinned', image: pin, asOf: null };
  }
  return still.kind === 'failed' ? { kind: 'failed', reference, failure: still.failure } : found;
}

/** Of a build whose tag holds the attempt, an earlier attempt's will do: only the jobs that had failed are run again (design §3). */
async function readTags(
  rule: ImageRule,
  judged: JudgedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const newest = Number(judged.build.attempt);
  const attempts = rule.template.variables.has('attempt') ? Math.min(newest, MAX_EARLIER_ATTEMPTS + 1) : 1;
  let first: ImageFinding | undefined;
  for (let back = 0; back < attempts; back++) {
    const finding = await readTag(rule, judged, String(newest - back), request, context);
    if (finding.kind !== 'absent') return finding;
    first ??= finding;
  }
  return first ?? { kind: 'absent', reference: rule.template.text, reason: 'the build has no attempt' };
}

async function readTag(
  rule: ImageRule,
  judged: JudgedBuild,
  attempt: string,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const rendered = renderReference(rule, judged.build, attempt, request);
  if (typeof rendered !== 'string') return rendered;
  const pushedBy = judged.runs.map((run) => context.standing(run.id).pushedBy);
  const result = await context.images.readDigest(rendered, {
    immutable: rule.template.immutable,
    platform: rule.platform,
    notBefore: Math.max(0, ...pushedBy),
    repushed: judged.repeated,
  });
  if (result.kind === 'invalid') {
    return { kind: 'absent', reference: rendered, reason: noTag(rendered, result.reason) };
  }
  if (result.kind !== 'found') return { ...result, reference: rendered };
  const { repository, tag, digest, asOf } = result;
  const { commit, position } = judged.build;
  const image = { repository, tag, digest, rule: ruleKey(rule), commit, position };
  const doubt = await doubtOwnership({ rule, judged, request, context }, image, rendered);
  if (doubt !== undefined) return doubt;
  const unconfirmed = whatToConfirm(rule, judged, image, result.askedAt, context);
  return { kind: 'pinned', image, asOf, ...(unconfirmed && { unconfirmed }) };
}

function renderReference(
  rule: ImageRule,
  build: Build,
  attempt: string,
  request: BranchRequest,
): string | ImageFinding {
  try {
    return renderImageTemplate(rule.template, {
      commit: build.commit,
      branch: build.branch,
      buildId: build.id,
      buildNumber: build.number,
      attempt,
      ...(request.number === undefined ? {} : { pullRequest: request.number }),
    });
  } catch (error) {
    // A branch's name is never a reason for an error: that would freeze every other pull request (design §1).
    if (error instanceof TemplateError) {
      return {
        kind: 'absent',
        reference: rule.template.text,
        reason: noTag(rule.template.text, error.message),
      };
    }
    if (error instanceof MissingParameter) {
      const reason = `project ${request.project.name}, image ${rule.name}: ${error.message}`;
      return { kind: 'invalid', reason };
    }
    throw error;
  }
}

function noTag(reference: string, reason: string): string {
  return `the branch has no such image: ${JSON.stringify(reference)}: ${reason}`;
}

interface Question {
  readonly rule: ImageRule;
  readonly judged: JudgedBuild;
  readonly request: BranchRequest;
  readonly context: ImageContext;
}

/** @returns why the image is not taken for the build's; undefined: it is */
async function doubtOwnership(
  { rule, judged, request, context }: Question,
  image: PinnedImage,
  reference: string,
): Promise<ImageFinding | undefined> {
  if (rule.revision === 'ignore') return undefined;
  const isRequired = rule.revision === 'require';
  if (!isRequired && context.pinBefore(rule, judged.build)?.digest === image.digest) return undefined;
  const [rival] = findRivals(rule.template, reference, judged, request, context.runs);
  if (!isRequired && rule.template.immutable && rival === undefined) return undefined;
  const pinned = `${image.repository}@${image.digest}`;
  const result = await context.images.readRevision(pinned, rule.platform);
  if (result.kind !== 'found') return { ...result, reference };
  const ownership = judgeRevisions(result.revisions, judged, context.runs);
  if (ownership === 'own') return undefined;
  const absent = { kind: 'absent', reference } as const;
  if (ownership === 'other') {
    return { ...absent, reason: `the image bears another commit's revision (revision: ${rule.revision})` };
  }
  if (isRequired)
    return { ...absent, reason: "no revision proves the image to be this build's (revision: require)" };
  if (rival === undefined) return undefined;
  const by = `a newer run (branch ${rival.branch}, commit ${rival.commit.slice(0, 12)})`;
  return {
    ...absent,
    reason: `${by} may have pushed this tag since, and no revision tells whose the image is`,
  };
}

/**
 * What is read goes with the state that CI told at that time: an attempt that began since may have pushed what was read, and may end
 * red. Nothing need be confirmed of a digest that was proven before.
 */
function whatToConfirm(
  rule: ImageRule,
  judged: JudgedBuild,
  image: PinnedImage,
  askedAt: number,
  { pinBefore, standing, listedAt }: ImageContext,
): Unconfirmed | undefined {
  const pin = pinBefore(rule, judged.build);
  if (pin?.digest === image.digest) return undefined;
  const hasChanged = pin !== undefined;
  const listedSince = hasChanged || !rule.template.immutable ? askedAt - PUSH_TAKES : -Infinity;
  const runsSince = askedAt - (hasChanged ? PUSH_TAKES : RERUN_TAKES);
  const isConfirmed =
    listedAt >= listedSince && judged.runs.every((run) => standing(run.id).confirmedAt >= runsSince);
  return isConfirmed ? undefined : { runs: judged.runs, since: Math.max(listedSince, runsSince) };
}
