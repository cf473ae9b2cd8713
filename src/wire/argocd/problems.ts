/** Joins several problems into one message of bounded length. Pure. */
import { shorten } from '../../errors.ts';

const SEPARATOR = '; ';

/**
 * @param max length of the message in UTF-16 units
 * @returns all problems; if they are too long, the longest are shortened, so that each is mentioned
 */
export function joinProblems(problems: readonly string[], max: number): string {
  const room = max - SEPARATOR.length * (problems.length - 1);
  const share = fairShare(
    problems.map((problem) => problem.length),
    room,
  );
  return problems.map((problem) => shorten(problem, share)).join(SEPARATOR);
}

/** @returns the maximum length of each, given that shorter ones leave their remainder to the others */
function fairShare(lengths: readonly number[], room: number): number {
  let left = room;
  for (const [index, length] of lengths.toSorted((a, b) => a - b).entries()) {
    const share = Math.floor(left / (lengths.length - index));
    if (length > share) return share;
    left -= length;
  }
  return Infinity;
}
