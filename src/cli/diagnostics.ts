/** Diagnostics go to stderr, one line each; stdout carries results only. */
import { escapeControl } from '../text/quote.ts';

/** Invalid arguments: exit status 2, one line, and a pointer to the command's help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @param message one sentence; parts of it may come from outside */
export function writeDiagnostic(stderr: NodeJS.WritableStream, message: string): void {
  stderr.write(`greenpin: ${escapeControl(message)}\n`);
}
