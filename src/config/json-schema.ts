/** The configuration file's JSON Schema (draft 2020-12), for editors and for `greenpin schema`. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** @returns the schema of the file as people write it: keys with a default are optional */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { target: 'draft-2020-12', io: 'input' });
}
