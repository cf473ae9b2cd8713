/** The images of one build: each tag to its digest, and whether that image really is this build's (design §2). */
import type { UpstreamFailure } from '../errors.ts';
import { MissingParameter, renderImageTemplate, TemplateError } from '../image/template.ts';
import { doubtOwnership, whatToConfirm, type ImageContext, type Unconfirmed } from './image-ownership.ts';
import { ruleKey } from './rule-key.ts';
import { formatAttempts, type EvaluatedBuild } from './select-builds.ts';
import type { BranchRequest, Build, ImageRule, PinnedImage } from './types.ts';

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

/** Findings by image name, in the configuration's order. */
export type ImageFindings = ReadonlyMap<string, ImageFinding>;

/** So many earlier attempts' tags are tried (`{attempt}`): each is a call. */
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
 * Resolves one image of a build. What was proven to be the build's image stays it, also when the tag has moved on or is gone, as long as
 * the registry has that digest. Never throws.
 */
export async function resolveImage(
  rule: ImageRule,
  evaluated: EvaluatedBuild,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const found = await readTags(rule, evaluated, request, context);
  if (found.kind !== 'absent') return found;
  const pin = context.pinBefore(rule, evaluated.build);
  if (pin === undefined) return found;
  const reference = `${pin.repository}@${pin.digest}`;
  const still = await context.images.readDigest(reference, { immutable: true });
  if (still.kind === 'found') {
    const { askedAt } = still;
    const question = { image: pin, askedAt, reference, rule, evaluated, request, context };
    const doubt = rule.revision === 'require' ? await doubtOwnership(question) : undefined;
    return doubt === undefined ? { kind: 'pinned', image: pin, asOf: null } : { ...doubt, reference };
  }
  return still.kind === 'failed' ? { kind: 'failed', reference, failure: still.failure } : found;
}

/** Of a build whose tag holds the attempt, an earlier attempt's will do: only the jobs that had failed are run again (design §3). */
async function readTags(
  rule: ImageRule,
  evaluated: EvaluatedBuild,
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
  evaluated: EvaluatedBuild,
  attempt: string,
  request: BranchRequest,
  context: ImageContext,
): Promise<ImageFinding> {
  const rendered = renderReference(rule, evaluated.build, attempt, request);
  if (typeof rendered !== 'string') return rendered;
  const pushedBy = evaluated.runs.map((run) => context.standing(run.id).pushedBy);
  const result = await context.images.readDigest(rendered, {
    immutable: rule.template.immutable,
    platform: rule.platform,
    notBefore: Math.max(0, ...pushedBy),
    repushed: evaluated.repeated,
  });
  if (result.kind === 'invalid') {
    return { kind: 'absent', reference: rendered, reason: noTag(rendered, result.reason) };
  }
  if (result.kind !== 'found') return { ...result, reference: rendered };
  const { repository, tag, digest, asOf } = result;
  const { commit, position } = evaluated.build;
  const found = {
    repository,
    tag,
    digest,
    rule: ruleKey(rule),
    commit,
    position,
    runs: formatAttempts(evaluated),
  };
  const pin = context.pinBefore(rule, evaluated.build);
  const image = pin?.digest === digest ? pin : found;
  const { askedAt } = result;
  const question = { image, askedAt, reference: rendered, rule, evaluated, request, context };
  const doubt = await doubtOwnership(question);
  if (doubt !== undefined) return { ...doubt, reference: rendered };
  const unconfirmed = whatToConfirm(question);
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
