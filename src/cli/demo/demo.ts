/** `greenpin demo`: the documented matrix example, end to end on loopback. */
import { once } from 'node:events';
import { createDemoSandbox, type DemoSandbox } from './sandbox.ts';
import { ConfigError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import { formatCommand } from './call.ts';
import type { FakeCiKind } from './fake-ci.ts';
import { DemoFailure, FIRST_PUSHED, playStory, type Stage } from './story.ts';
import { UsageError, writeDiagnostic } from '../diagnostics.ts';
import { createColors } from '../terminal/colors.ts';
import { fitLines, terminalWidth } from '../terminal/table.ts';

export interface DemoOptions {
  readonly keep?: boolean;
  readonly port?: number;
  /** The CI system that is played. Default: `github`. */
  readonly ci?: FakeCiKind;
}

/** The port of Argo CD's documented example. */
const DOCUMENTED_PORT = 4355;

/**
 * @returns exit status: 0 if every answer was as the text says, else 1
 * @throws UsageError when the port is taken
 */
export async function demo(
  { keep = false, port, ci }: DemoOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr, version, stopSignal } = context;
  const ownPort = port ?? (keep ? DOCUMENTED_PORT : 0);
  const sandbox = await createDemoSandbox(ownPort, version, ci).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`${error.message}; choose another one with --port`, { cause: error });
  });
  const width = terminalWidth(stdout);
  const say: Stage['say'] = (text = '', form) =>
    void stdout.write(`${form === 'verbatim' ? text : fitLines(text, width)}\n`);
  try {
    introduce(sandbox, say, keep);
    await playStory({ sandbox, say, paint: createColors(context) });
    if (!keep) return 0;
    say('\nStill running. Try it; stop it with Ctrl-C:\n');
    say(formatCommand(sandbox, FIRST_PUSHED), 'verbatim');
    const stopping = stopSignal();
    if (!stopping.aborted) await once(stopping, 'abort');
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    writeDiagnostic(stderr, error.message);
    return 1;
  } finally {
    await sandbox.stop();
  }
}

function introduce({ url, ciTitle }: DemoSandbox, say: Stage['say'], keep: boolean): void {
  say(
    `A fake ${ciTitle}, a fake registry and Greenpin run on loopback. CI of the project shop builds two images, front and back, for each commit.`,
  );
  say(`Greenpin listens at ${url}. The demo sends it what Argo CD would send.`);
  if (!keep) say('(npm run demo -- --keep leaves everything running afterwards, for your own calls.)');
}
