/** Rows of the benchmarks: each tree's value, their ratio, and whether the budget is met. */

export interface Row {
  readonly label: string;
  /** This tree's value and, in a comparison, the other tree's. */
  readonly values: readonly number[];
  readonly unit?: string;
  readonly digits?: number;
  /** The budget, for this tree. */
  readonly atMost?: number;
  readonly atLeast?: number;
}

export function printRow({ label, values, unit = '', digits = 0, atMost, atLeast }: Row): void {
  const [own = Number.NaN, other] = values;
  const format = (value: number) => `${value.toFixed(digits)}${unit}`;
  const cells = [`  ${label.padEnd(44)}${format(own).padStart(12)}`];
  if (other !== undefined) {
    cells.push(`other tree ${format(other)}, this one is ${(own / other).toFixed(2)} times that`);
  }
  if (atMost !== undefined) cells.push(judge(`at most ${atMost}${unit}`, own <= atMost));
  if (atLeast !== undefined) cells.push(judge(`at least ${atLeast}${unit}`, own >= atLeast));
  console.log(cells.join('   '));
}

function judge(budget: string, met: boolean): string {
  return `budget ${budget}: ${met ? 'met' : 'MISSED'}`;
}

/** @returns the median; of an even number of values, the upper of the middle two */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** @returns milliseconds */
export async function measure(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Measures every subject once per round, in alternating order, so that other load affects all alike.
 * @param warmUp number of first rounds that do not count
 * @returns the measured values of each subject
 */
export async function alternate<Subject, Value>(
  subjects: readonly Subject[],
  { rounds, warmUp = 0 }: { readonly rounds: number; readonly warmUp?: number },
  run: (subject: Subject, round: number) => Promise<Value>,
): Promise<Value[][]> {
  const values = subjects.map((): Value[] => []);
  for (let round = 0; round < rounds + warmUp; round++) {
    const order = [...subjects.entries()];
    for (const [index, subject] of round % 2 === 0 ? order : order.toReversed()) {
      const value = await run(subject, round);
      if (round >= warmUp) values[index]?.push(value);
    }
  }
  return values;
}
