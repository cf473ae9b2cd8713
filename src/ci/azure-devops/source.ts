/** The sender of answers, for messages. Pure. */
import type { Source } from '../elements.ts';

export function sourceOf({ host }: { readonly host: string }): Source {
  return { host, api: 'Azure DevOps' };
}
