/** Several problems in one message of bounded length. Pure. */
import { shorten } from '../../errors.ts';

const SEPARATOR = '; ';

/**
 * @param most UTF-16 units of the message
 * @returns all problems; where they are too long, the longest give way, so that something is said of each
 */
export function joinProblems(problems: readonly string[], most: number): string {
  const room = most - SEPARATOR.length * (problems.length - 1);
  const share = fairShare(
    problems.map((problem) => problem.length),
    room,
  );
  return problems.map((problem) => shorten(problem, share)).join(SEPARATOR);
}

/** @returns to what length each may be, if those that are shorter leave the rest of theirs to the others */
function fairShare(lengths: readonly number[], room: number): number {
  let left = room;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Infinity;
}
