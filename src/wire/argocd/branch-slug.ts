/** What a branch's name becomes in a DNS label (design §1). Pure. */
import { createHash } from 'node:crypto';
import { transliterate } from '../../text/transliterate.ts';

const MAX_LENGTH = 50;
/** The substitutes of Argo CD (`_`) and of slug.Make for English; everything else is left to the transliteration. */
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
 * The same as `branch_slug` of Argo CD's pullRequest generator, so that a template may use either. Where Argo CD's is
 * empty or no DNS label, it is a hash, since a template needs a name that is valid and its own.
 * @param branch for example `feature/Login_Form`
 * @returns a DNS label of at most 50 characters, for example `feature-login-form`
 */
export function branchSlug(branch: string): string {
  const slug = pullRequestSlug(branch);
  if (DNS_LABEL.test(slug)) return slug;
  return `b-${createHash('sha256').update(branch).digest('hex').slice(0, 10)}`;
}

/**
 * As applicationset/generators/pull_request.go calls slug.Make of github.com/gosimple/slug: MaxLength 50, CustomSub
 * `_` to `-`, the rest by default (English, lower case, cut at a dash). A `slugify` in a template may set the latter
 * otherwise for Argo CD's whole process; that is not followed. Spaces need no trimming: they end as dashes.
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

/** Cuts at the last dash that leaves no more than the maximum, or in the word when it is the only one. */
function truncate(slug: string): string {
  if (slug.length <= MAX_LENGTH) return slug;
  const dash = slug.lastIndexOf('-', MAX_LENGTH);
  return slug.slice(0, dash === -1 ? MAX_LENGTH : dash);
}
