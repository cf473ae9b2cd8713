/** @returns what `run` returns, or the error that it throws: for properties, which judge both */
export function outcomeOf<Result>(run: () => Result): Result | Error {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? error : new Error('thrown, but not an error');
  }
}
