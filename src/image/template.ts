/** Templates of image references. Placeholders are written as in RFC 6570: `{name:length}`. Pure. */

const VARIABLES = [
  'commit',
  'branch',
  'ref_slug',
  'pull_request',
  'build_id',
  'build_number',
  'attempt',
] as const;

export type TemplateVariable = (typeof VARIABLES)[number];

export type TemplatePart = string | { readonly variable: TemplateVariable; readonly length?: number };

export interface ImageTemplate {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
  /** The text before the tag's colon. It may contain placeholders. */
  readonly repository: string;
  /**
   * True if the tag contains the commit (at least 7 digits) or the build's id. It then identifies one build's
   * image, unless another commit renders to the same text.
   */
  readonly immutable: boolean;
  readonly variables: ReadonlySet<TemplateVariable>;
  /** How many digits of the commit the tag contains: Infinity for all, 0 for none or fewer than 7. */
  readonly commitDigits: number;
}

/** The values of the variables. Rendering fails if the template uses a missing one. */
export interface TemplateValues {
  readonly commit: string;
  readonly branch: string;
  readonly pullRequest?: string;
  readonly buildId: string;
  readonly buildNumber: string;
  readonly attempt: string;
}

/** The template cannot be parsed, or not rendered for this branch. The message names the part. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const EXPRESSION = /^([a-z_]+)(?::([1-9][0-9]{0,3}))?$/;

/** A shorter prefix does not identify a commit. It is Git's default abbreviation. */
const SHORTEST_COMMIT = 7;

/**
 * @param text for example `ghcr.io/acme/shop-front:sha-{commit:7}`
 * @throws TemplateError on an unknown variable, an unclosed brace, a variable in the host, or a missing tag
 */
export function parseImageTemplate(text: string): ImageTemplate {
  const parts = splitParts(text);
  if (text.includes('@'))
    throw new TemplateError('found a digest, which Greenpin resolves itself; expected REGISTRY/PATH:TAG');
  const host = text.split('/', 1)[0] ?? '';
  if (host.includes('{') && text.includes('/')) {
    throw new TemplateError(`the registry's host must be written out, found ${JSON.stringify(host)}`);
  }
  const colon = findTag(text);
  if (colon === -1) {
    throw new TemplateError(
      'the tag is missing; expected REGISTRY/PATH:TAG, for example ghcr.io/acme/shop:sha-{commit}',
    );
  }
  const tag = splitParts(text.slice(colon)).filter((part) => typeof part !== 'string');
  const commitDigits = Math.max(0, ...tag.map(countCommitDigits));
  const holdsBuildId = tag.some((part) => part.variable === 'build_id' && part.length === undefined);
  return {
    text,
    parts,
    repository: text.slice(0, colon),
    immutable: holdsBuildId || commitDigits > 0,
    variables: new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.variable]))),
    commitDigits,
  };
}

function countCommitDigits({ variable, length = Infinity }: Exclude<TemplatePart, string>): number {
  return variable === 'commit' && length >= SHORTEST_COMMIT ? length : 0;
}

function splitParts(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    if (piece.startsWith('{') && piece.endsWith('}')) parts.push(parseExpression(piece.slice(1, -1)));
    else if (/[{}]/.test(piece))
      throw new TemplateError(`a brace is not closed or not opened in ${JSON.stringify(piece)}`);
    else if (piece !== '') parts.push(piece);
  }
  return parts;
}

function parseExpression(expression: string): TemplatePart {
  const match = EXPRESSION.exec(expression);
  const variable = VARIABLES.find((name) => name === match?.[1]);
  if (match === null || variable === undefined) {
    throw new TemplateError(
      `{${expression}} is not known; expected one of ${VARIABLES.map((name) => `{${name}}`).join(', ')}, ` +
        'or with a length, {commit:7}',
    );
  }
  return match[2] === undefined ? { variable } : { variable, length: Number(match[2]) };
}

/** @returns the index of the colon before the tag; -1 if there is no tag */
function findTag(text: string): number {
  const literal = text.replaceAll(/\{[^{}]*\}/g, (placeholder) => '-'.repeat(placeholder.length));
  const colon = literal.lastIndexOf(':');
  return colon > literal.lastIndexOf('/') ? colon : -1;
}

/** The template needs a parameter that the caller did not pass: the caller's mistake, not the branch's. */
export class MissingParameter extends Error {
  override readonly name = 'MissingParameter';
}

/**
 * @returns the parts of the reference that depend on the branch; branches with equal parts share a tag
 * @throws TemplateError see `renderImageTemplate`
 */
export function renderBranchParts(template: ImageTemplate, branch: string): string {
  const parts = template.parts.filter((part) => typeof part !== 'string' && dependsOnBranch(part));
  const others = { commit: '', buildId: '', buildNumber: '', attempt: '' };
  return JSON.stringify(parts.map((part) => renderPart(part, { branch, ...others })));
}

function dependsOnBranch({ variable }: Exclude<TemplatePart, string>): boolean {
  return variable === 'branch' || variable === 'ref_slug';
}

/**
 * @returns the text of the reference, which may still be invalid
 * @throws TemplateError if a value is empty, for example because no character of the branch can be part of a
 *   slug
 * @throws MissingParameter if the template needs a value that was not passed
 */
export function renderImageTemplate({ parts }: ImageTemplate, values: TemplateValues): string {
  return parts.map((part) => renderPart(part, values)).join('');
}

function renderPart(part: TemplatePart, values: TemplateValues): string {
  if (typeof part === 'string') return part;
  const value = selectValue(part.variable, values);
  // `日本` has no slug: the rest of the tag would be that of other branches, too.
  if (value === '') {
    throw new TemplateError(
      `{${part.variable}} is empty for this branch; expected a tag by {commit} instead`,
    );
  }
  return value.slice(0, part.length);
}

function selectValue(variable: TemplateVariable, values: TemplateValues): string {
  switch (variable) {
    case 'commit':
      return values.commit;
    case 'branch':
      return cleanBranch(values.branch);
    case 'ref_slug':
      return refSlug(values.branch);
    case 'pull_request':
      if (values.pullRequest === undefined) {
        throw new MissingParameter(
          '{pull_request} needs the parameter number; pass number: "{{ .number }}" on to the plugin',
        );
      }
      return values.pullRequest;
    case 'build_id':
      return values.buildId;
    case 'build_number':
      return values.buildNumber;
    case 'attempt':
      return values.attempt;
  }
}

/** Follows docker/metadata-action (src/meta.ts, `sanitizeTag`), which keeps upper case. */
function cleanBranch(branch: string): string {
  return branch.replaceAll(/[^a-zA-Z0-9._-]+/g, '-');
}

/**
 * Follows GitLab's CI_COMMIT_REF_SLUG: lower case; each other character (not UTF-16 unit) becomes a `-`; at
 * most 63 characters; no `-` at either end.
 */
function refSlug(branch: string): string {
  return branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/gu, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
}
