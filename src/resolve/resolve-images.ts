/** The images of one build: each tag to its digest, and whether that image really is this build's (design §2). */
import type { UpstreamFailure } from '../errors.ts';
import { renderImageTemplate, TemplateError } from './image-template.ts';
import type { ImageSource } from './ports.ts';
import type { Build, BranchRequest, ImageRule, PinnedImage } from './types.ts';

/** What was found of one image of one build. */
export type ImageFinding =
  | {
      readonly kind: 'pinned';
      readonly image: PinnedImage;
      /** When the registry last confirmed it, milliseconds since the epoch; null: need not be asked again. */
      readonly asOf: number | null;
      /** The older build whose image it is (`onMissing: previous`). */
      readonly from?: Build;
    }
  | { readonly kind: 'absent'; readonly reference: string; readonly reason: string }
  | { readonly kind: 'failed'; readonly reference: string; readonly failure: UpstreamFailure }
  /** The template gives no valid reference for this branch: no registry was asked. */
  | { readonly kind: 'invalid'; readonly reason: string };

/** Findings by image name, in the configuration's order. */
export type ImageFindings = ReadonlyMap<string, ImageFinding>;

/** Resolves every image of a build, in parallel. Never throws. */
export async function resolveImages(
  build: Build,
  request: BranchRequest,
  source: ImageSource,
): Promise<ImageFindings> {
  return new Map(
    await Promise.all(
      request.project.images.map(async (rule): Promise<[string, ImageFinding]> => [
        rule.name,
        await resolveImage(rule, build, request, source),
      ]),
    ),
  );
}

/** Resolves one image of a build. Never throws. */
export async function resolveImage(
  rule: ImageRule,
  build: Build,
  request: BranchRequest,
  source: ImageSource,
): Promise<ImageFinding> {
  const rendered = renderReference(rule, build, request);
  if (typeof rendered !== 'string') return rendered;
  const result = await source.readDigest(rendered, {
    immutable: rule.template.immutable,
    platform: rule.platform,
    notBefore: build.finishedAt,
  });
  switch (result.kind) {
    case 'found': {
      const image = { repository: result.repository, tag: result.tag, digest: result.digest };
      const refusal = await checkRevision(rule, build, image, rendered, source);
      return refusal ?? { kind: 'pinned', image, asOf: result.asOf };
    }
    case 'absent':
    case 'failed':
      return { ...result, reference: rendered };
    case 'invalid':
      return invalid(rule, request, `${JSON.stringify(rendered)}: ${result.reason}`);
  }
}

function renderReference(rule: ImageRule, build: Build, request: BranchRequest): string | ImageFinding {
  try {
    return renderImageTemplate(rule.template, {
      commit: build.commit,
      branch: build.branch,
      buildId: build.id,
      buildNumber: build.number,
      attempt: build.attempt,
      ...(request.number === undefined ? {} : { pullRequest: request.number }),
    });
  } catch (error) {
    if (error instanceof TemplateError) return invalid(rule, request, error.message);
    throw error;
  }
}

function invalid(rule: ImageRule, request: BranchRequest, reason: string): ImageFinding {
  return { kind: 'invalid', reason: `project ${request.project.name}, image ${rule.name}: ${reason}` };
}

/**
 * A tag that can move may already hold a later, red build's image. The label `org.opencontainers.image.revision` tells whose
 * image it is; on pull_request events it is usually the merge commit's, so `auto` does not compare there.
 * @returns why the image is not this build's, or undefined
 */
async function checkRevision(
  rule: ImageRule,
  build: Build,
  image: PinnedImage,
  reference: string,
  source: ImageSource,
): Promise<ImageFinding | undefined> {
  if (rule.revision === 'ignore') return undefined;
  if (rule.revision === 'auto' && (rule.template.immutable || build.event !== 'push')) return undefined;
  const result = await source.readRevision(`${image.repository}@${image.digest}`, rule.platform);
  if (result.kind !== 'found') return { ...result, reference };
  const revision = result.revisions[0] ?? null;
  if (revision !== null && isRevisionOf(build.commit, revision)) return undefined;
  if (rule.revision === 'auto' && (revision === null || !HEX.test(revision))) return undefined;
  const found = revision === null ? 'bears no revision label' : "bears another commit's revision label";
  return { kind: 'absent', reference, reason: `the image ${found} (revision: ${rule.revision})` };
}

const HEX = /^[0-9a-f]{7,64}$/i;

/** The label is meant to be the full SHA, but abbreviated ones are common. */
function isRevisionOf(commit: string, revision: string): boolean {
  return HEX.test(revision) && commit.startsWith(revision.toLowerCase());
}
