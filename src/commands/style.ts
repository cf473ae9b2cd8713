/** Colours, only where somebody sees them: on a terminal, and not when NO_COLOR is set (no-color.org). */
import { styleText } from 'node:util';

export type Paint = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string;

/** @param stream decides: Node asks it for a terminal, and the environment for NO_COLOR and FORCE_COLOR */
export function createPaint(stream: NodeJS.WritableStream): Paint {
  return (format, text) => styleText(format, text, { stream, validateStream: true });
}

/** What comes from outside is shown with its control characters made visible: a name must not move the cursor. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\u{fffd}');
}
