/** Resolves the images of one build: each tag's digest, and whether it belongs to the build. */
import { MissingParameter, renderImageTemplate, TemplateError } from '../image/template.ts';
import {
  findOwnershipProblem,
  selectUnconfirmed,
  type ImageContext,
  type Unconfirmed,
} from './image-ownership.ts';
import type { Absent, Failed, UnresolvedRun } from './ports.ts';
import { ruleKey } from './recall.ts';
import {
  formatAttempts,
  selectImagePart,
  tagBranch,
  type BuildPart,
  type EvaluatedBuild,
} from './evaluate-build.ts';
import { shortName } from './named-workflows.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage } from './types.ts';

/** The finding on one image of one build. */
export type ImageFinding =
  | {
      readonly kind: 'pinned';
      readonly image: PinnedImage;
      /** When the registry last confirmed it, milliseconds since the epoch; null if it never changes. */
      readonly asOf: number | null;
      /** Runs that CI must confirm first, since it reported them before the tag was read. */
      readonly unconfirmed?: Unconfirmed | undefined;
      /** The other build that the image comes from (`onMissing`). */
      readonly from?: Build;
      /** The newest run of the target branch whose state is unknown, if the image is the target branch's. */
      readonly unresolved?: UnresolvedRun | undefined;
    }
  | (Absent & { readonly reference: string })
  | (Failed & { readonly reference: string })
  /** The template needs a parameter that the caller did not pass. No registry was called. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Findings by image name, in the configuration's order. */
export type ImageFindings = ReadonlyMap<string, ImageFinding>;

/** Limits the earlier attempts whose tags are tried (`{attempt}`), since each costs a call. */
const MAX_EARLIER_ATTEMPTS = 10;

/** Resolves every image of a build, in parallel. Never throws. */
export async function resolveImages(
  evaluated: EvaluatedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFindings> {
  return new Map(
    await Promise.all(
      request.project.images.map(async (rule): Promise<[string, ImageFinding]> => [
        rule.name,
        await resolveImage(rule, evaluated, request, context),
      ]),
    ),
  );
}

/**
 * Resolves one image of a build. An image proven to belong to the build remains its image after the tag has
 * moved or was deleted, as long as the registry has that digest. Never throws.
 */
export async function resolveImage(
  rule: ImageRule,
  whole: EvaluatedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const part = selectImagePart(rule, whole);
  const found = part === undefined ? notRun(rule) : await readTags(rule, part, request, context);
  if (found.kind !== 'absent') return found;
  const evaluated = part ?? whole;
  const pin = findPin(rule, evaluated.build, context);
  if (pin === undefined) return found;
  const reference = `${pin.repository}@${pin.digest}`;
  const result = await context.images.readDigest(reference, { immutable: true });
  if (result.kind === 'found') {
    const { askedAt } = result;
    const candidate = { image: pin, askedAt, reference, rule, evaluated, request, context };
    const problem = rule.revision === 'require' ? await findOwnershipProblem(candidate) : undefined;
    return problem === undefined ? { kind: 'pinned', image: pin, asOf: null } : { ...problem, reference };
  }
  return result.kind === 'failed' ? { ...result, reference } : found;
}

/** No registry is asked: without a run, nothing can have pushed the image for this commit. */
function notRun({ workflow = '', template }: ImageRule): Absent & { readonly reference: string } {
  const reason = `${shortName(workflow)}, which pushes this image, has no run for this commit`;
  return { kind: 'absent', reference: template.text, reason };
}

/** The same commit may be another branch's, too, so where the image was found before does not matter. */
function findPin(rule: ImageRule, build: Build, { pinBefore }: ImageContext): PinnedImage | undefined {
  const pin = pinBefore(rule, build);
  if (pin?.target === undefined) return pin;
  const { target: _, ...image } = pin;
  return image;
}

/** A tag with `{attempt}` may have an earlier attempt's number: a re-run may repeat only failed jobs. */
async function readTags(
  rule: ImageRule,
  evaluated: BuildPart,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const newest = Number(evaluated.build.attempt);
  const attempts = rule.template.variables.has('attempt') ? Math.min(newest, MAX_EARLIER_ATTEMPTS + 1) : 1;
  let first: ImageFinding | undefined;
  for (let back = 0; back < attempts; back++) {
    const finding = await readTag(rule, evaluated, String(newest - back), request, context);
    if (finding.kind !== 'absent') return finding;
    first ??= finding;
  }
  return first ?? { kind: 'absent', reference: rule.template.text, reason: 'the build has no attempt' };
}

async function readTag(
  rule: ImageRule,
  evaluated: BuildPart,
  attempt: string,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const rendered = renderReference(rule, evaluated.build, attempt, request);
  if (typeof rendered !== 'string') return rendered;
  const pushedBy = evaluated.runs.map((run) => context.standing(run.id).pushedBy);
  const passedAt = context.gate?.peek(evaluated.build.commit)?.passedAt ?? 0;
  const result = await context.images.readDigest(rendered, {
    immutable: rule.template.immutable,
    platform: rule.platform,
    notBefore: Math.max(passedAt, ...pushedBy),
    repushed: evaluated.repeated,
  });
  if (result.kind === 'invalid') {
    return absent(rendered, result.reason);
  }
  if (result.kind !== 'found') return { ...result, reference: rendered };
  const { repository, tag, digest, asOf, askedAt } = result;
  const { builtCommit: commit, position } = evaluated.build;
  const runs = formatAttempts(evaluated);
  const pin = findPin(rule, evaluated.build, context);
  const image =
    pin?.digest === digest ? pin : { repository, tag, digest, rule: ruleKey(rule), commit, position, runs };
  const candidate = { image, askedAt, reference: rendered, rule, evaluated, request, context };
  const problem = await findOwnershipProblem(candidate);
  if (problem !== undefined) return { ...problem, reference: rendered };
  const unconfirmed = selectUnconfirmed(candidate);
  return { kind: 'pinned', image, asOf, unconfirmed };
}

function renderReference(
  rule: ImageRule,
  build: Build,
  attempt: string,
  request: BranchRequest,
): string | ImageFinding {
  try {
    return renderImageTemplate(rule.template, {
      commit: build.builtCommit,
      branch: tagBranch(build),
      buildId: build.id,
      buildNumber: build.number,
      attempt,
      pullRequest: request.number,
    });
  } catch (error) {
    // A branch name must never cause an error: that would freeze every other pull request.
    if (error instanceof TemplateError) {
      return absent(rule.template.text, error.message);
    }
    if (error instanceof MissingParameter) {
      const reason = `project ${request.project.name}, image ${rule.name}: ${error.message}`;
      return { kind: 'invalid', reason };
    }
    throw error;
  }
}

function absent(reference: string, problem: string): ImageFinding {
  const reason = `the branch has no such image: ${JSON.stringify(reference)}: ${problem}`;
  return { kind: 'absent', reference, reason };
}
