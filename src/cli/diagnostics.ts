/** Diagnostics: one line each, on stderr, so that stdout bears results only (design §4). */
import { escapeControl } from '../text/escape-control.ts';

/** @param message one sentence; parts of it may come from outside */
export function complain(stderr: NodeJS.WritableStream, message: string): void {
  stderr.write(`greenpin: ${escapeControl(message)}\n`);
}
