/** The part of JSON Schema that the configuration's schema uses. */
import { configJsonSchema } from '../../src/config/schema.ts';

export interface JsonSchema {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly pattern?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

export function readConfigSchema(): JsonSchema {
  return configJsonSchema();
}

/** Mappings that a value may be: itself, or those of its alternatives that have keys of their own. */
export function findMappings(schema: JsonSchema): readonly JsonSchema[] {
  if (schema.properties !== undefined) return [schema];
  return [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].filter(
    ({ properties }) => properties !== undefined,
  );
}

/** The schema of the values of a mapping whose keys the user names; undefined for any other schema. */
export function findEntries({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}
