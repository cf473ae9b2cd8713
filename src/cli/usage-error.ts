/** What was typed cannot be right: exit status 2, one line, and a pointer to the command's help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
