/** Turns a branch name into a DNS label. Pure. */
import { createHash } from 'node:crypto';
import { transliterate } from '../../text/transliterate.ts';

const MAX_LENGTH = 50;
/**
 * The substitutions of Argo CD (`_`) and of slug.Make for English. Transliteration handles everything else.
 */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  _: '-',
  '"': '',
  "'": '',
  '’': '',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '&': 'and',
  '@': 'at',
};
const SUBSTITUTED = new RegExp(`[${Object.keys(SUBSTITUTES).join('')}]`, 'g');
/** RFC 1123. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * Equals `branch_slug` of Argo CD's pullRequest generator, so that a template may use either. If that is
 * empty or not a DNS label, the result is a hash, because a template needs a valid and unique name.
 * @param branch for example `feature/Login_Form`
 * @returns a DNS label of at most 50 characters, for example `feature-login-form`
 */
export function branchSlug(branch: string): string {
  const slug = pullRequestSlug(branch);
  if (DNS_LABEL.test(slug)) return slug;
  return `b-${createHash('sha256').update(branch).digest('hex').slice(0, 10)}`;
}

/**
 * Follows applicationset/generators/pull_request.go, which calls slug.Make of github.com/gosimple/slug with
 * MaxLength 50, CustomSub `_` to `-`, and otherwise the defaults (English, lower case, cut at a dash). A
 * `slugify` in a template can change the defaults for the whole Argo CD process; this function ignores that.
 * Spaces need no trimming, because they become dashes.
 */
function pullRequestSlug(branch: string): string {
  const cleaned = transliterate(
    branch.replace(SUBSTITUTED, (character) => SUBSTITUTES[character] ?? character),
  )
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .replace(/-+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '');
  return truncate(cleaned);
}

/** Cuts at the last dash within the maximum length, or inside the word if there is no such dash. */
function truncate(slug: string): string {
  if (slug.length <= MAX_LENGTH) return slug;
  const dash = slug.lastIndexOf('-', MAX_LENGTH);
  return slug.slice(0, dash === -1 ? MAX_LENGTH : dash);
}
