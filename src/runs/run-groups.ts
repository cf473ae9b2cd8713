/** Runs grouped by a key. Contains exactly the runs of the branches' records. */
import type { Run } from '../resolve/types.ts';

export class RunGroups<Key> {
  readonly #byKey = new Map<Key, Run[]>();
  readonly #keyOf: (run: Run) => Key;

  constructor(keyOf: (run: Run) => Key) {
    this.#keyOf = keyOf;
  }

  add(run: Run): void {
    const key = this.#keyOf(run);
    const runs = this.#byKey.get(key);
    if (runs === undefined) this.#byKey.set(key, [run]);
    else runs.push(run);
  }

  remove(run: Run): void {
    const key = this.#keyOf(run);
    const left = this.find(key).filter((other) => other !== run);
    if (left.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, left);
  }

  find(key: Key): readonly Run[] {
    return this.#byKey.get(key) ?? [];
  }
}
