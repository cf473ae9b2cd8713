/** `greenpin demo`: the documented matrix example from end to end, on loopback. */
import { createDemoWorld, type DemoWorld } from './sandbox.ts';
import { ConfigError } from '../../errors.ts';
import { untilAborted, type CommandContext } from '../context.ts';
import { formatCommand } from './call.ts';
import { DemoFailure, FIRST_PUSHED, playStory, type Stage } from './story.ts';
import { writeDiagnostic } from '../diagnostics.ts';
import { createColors } from '../terminal/colors.ts';
import { fitLines, terminalWidth } from '../terminal/table.ts';
import { UsageError } from '../diagnostics.ts';

export interface DemoOptions {
  readonly keep?: boolean;
  readonly port?: number;
}

/** The port of Argo CD's documented example. */
const DOCUMENTED_PORT = 4355;

/**
 * @returns exit status: 0 everything came out as it says, 1 it did not
 * @throws UsageError when the port is taken
 */
export async function demo({ keep = false, port }: DemoOptions, context: CommandContext): Promise<number> {
  const { stdout, stderr, version } = context;
  const world = await openWorld(port ?? (keep ? DOCUMENTED_PORT : 0), version);
  const width = terminalWidth(stdout);
  const say: Stage['say'] = (text = '', form) =>
    void stdout.write(`${form === 'verbatim' ? text : fitLines(text, width)}\n`);
  try {
    introduce(world, say, keep);
    await playStory({ world, say, paint: createColors(context) });
    if (keep) await keepRunning(world, say, context);
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    writeDiagnostic(stderr, error.message);
    return 1;
  } finally {
    await world.stop();
  }
}

async function openWorld(port: number, version: string): Promise<DemoWorld> {
  try {
    return await createDemoWorld(port, version);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(`${error.message}; give another one by --port`, { cause: error });
  }
}

function introduce({ url }: DemoWorld, say: Stage['say'], keep: boolean): void {
  say(
    'A GitHub, a registry and Greenpin run on loopback, with a project, shop, whose CI builds two images, front and back, for each commit.',
  );
  say(`Greenpin listens at ${url}; what Argo CD would send is sent here.`);
  if (!keep) say('(npm run demo -- --keep leaves them running afterwards, for your own calls.)');
}

async function keepRunning(
  world: DemoWorld,
  say: Stage['say'],
  { stopSignal }: CommandContext,
): Promise<void> {
  say('\nStill running; try it, and end it with Ctrl-C:\n');
  say(formatCommand(world, FIRST_PUSHED), 'verbatim');
  await untilAborted(stopSignal());
}
