/** Parses the names of tags and the parents of commits. Pure. */
import { z } from 'zod';
import { parseShape, type Source } from '../elements.ts';
import { commit, MAX_ELEMENTS } from '../fields.ts';

/** https://docs.gitlab.com/api/tags/ */
const tagsSchema = z.array(z.object({ name: z.string() })).max(MAX_ELEMENTS);

/** https://docs.gitlab.com/api/commits/#retrieve-a-commit */
const commitSchema = z.object({ parent_ids: z.array(commit) });

/** @throws UpstreamError `malformed` */
export function parseTagNames(value: unknown, source: Source): readonly string[] {
  return parseShape(tagsSchema, value, source).map(({ name }) => name);
}

/** @throws UpstreamError `malformed` */
export function parseParents(value: unknown, source: Source): readonly string[] {
  return parseShape(commitSchema, value, source).parent_ids;
}
