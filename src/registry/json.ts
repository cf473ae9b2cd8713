/** Parses JSON of unknown shape. Pure. */
import { isMapping } from '../text/document-path.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * @returns a copy of a text's beginning, since a slice would keep the whole text, possibly megabytes, in
 *   memory (V8's sliced strings)
 */
export function copyStart(text: string, maxLength: number): string {
  return Buffer.from(text.slice(0, maxLength)).toString();
}

/** @returns undefined unless the text (or its bytes) is a JSON object */
export function parseJsonObject(text: string | Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
