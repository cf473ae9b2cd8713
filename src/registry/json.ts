/** JSON of which nothing is known yet. Pure. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @returns the text's beginning, to be kept: a mere slice of a text keeps all of it in memory, and it may be one of megabytes (V8's
 *   sliced strings)
 */
export function copyStart(text: string, most: number): string {
  return Buffer.from(text.slice(0, most)).toString();
}

/** @returns undefined when the text (or its bytes) is not a JSON object */
export function parseJsonObject(text: string | Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
