/** Identifies the rule that a digest was found by, since it is no answer under another rule. Pure. */
import type { ImageRule } from './types.ts';

/** @returns a text that changes with the template (including registry and path) and the platform */
export function ruleKey({ template, platform }: Pick<ImageRule, 'template' | 'platform'>): string {
  const { os, architecture, variant } = platform ?? {};
  return JSON.stringify([template.text, os, architecture, variant].filter((part) => part !== undefined));
}
