/** Diagnostics: one line each, on stderr, so that stdout bears results only (design §4). */
import { printable } from '../text/printable.ts';

/** @param message one sentence; parts of it may come from outside */
export function complain(stderr: NodeJS.WritableStream, message: string): void {
  stderr.write(`greenpin: ${printable(message)}\n`);
}
