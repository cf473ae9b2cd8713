/** What an image's digest was made for (design §2): the answer under one rule is none under another. Pure. */
import type { ImageRule } from './types.ts';

/** @returns a text that is another one when the template (registry and path with it) or the platform is */
export function ruleKey({ template, platform }: Pick<ImageRule, 'template' | 'platform'>): string {
  const { os, architecture, variant } = platform ?? {};
  return JSON.stringify([template.text, os, architecture, variant].filter((part) => part !== undefined));
}
