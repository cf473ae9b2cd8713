import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

const SOURCE = new URL('../../../src/log/log-stream.ts', import.meta.url).href;

/** Runs a program with a log stream to stderr in a process of its own; its output and the lines that came. */
async function run(program: string): Promise<{ stdout: string; lines: string[] }> {
  const code = `const { createLogStream } = await import(${JSON.stringify(SOURCE)});
    const stream = createLogStream(2);
    ${program}`;
  const child = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    code,
  ]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, lines: stderr.split('\n').filter((line) => line.startsWith('line')) };
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `line ${n} ${'ü'.repeat(50)}🌱`);

const log = (count: number) =>
  `for (let n = 0; n < ${count}; n++) stream.write('line ' + n + ' ' + 'ü'.repeat(50) + '🌱' + String.fromCharCode(10));`;

it('writes many more lines than a pipe holds: each whole, in order, before the process ends by itself', async () => {
  const { stdout, lines } = await run(log(10_000));
  expect(stdout).toBe('');
  expect(lines).toEqual(numbered(10_000));
});

it.each([
  ['is ended', 'process.exit(0);'],
  ['dies of an error', "throw new Error('broken');"],
])('loses no line when the process %s', async (_case, ending) => {
  expect((await run(`${log(100)} ${ending}`)).lines).toEqual(numbered(100));
});

it('writes what is logged while the process ends', async () => {
  const { lines } = await run(
    "stream.write('line 1\\n'); process.prependListener('exit', () => stream.write('line 2\\n'));",
  );
  expect(lines).toEqual(['line 1', 'line 2']);
});

it('writes a line that is longer than its buffer, in its place', async () => {
  const long = `line 2 ${'x'.repeat(100_000)}`;
  const { lines } = await run(
    `stream.write('line 1\\n'); stream.write('line 2 ' + 'x'.repeat(100_000) + '\\n'); stream.write('line 3\\n');`,
  );
  expect(lines).toEqual(['line 1', long, 'line 3']);
});

it('writes soon, not only at the end', async () => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { createLogStream } = await import(${JSON.stringify(SOURCE)});
     createLogStream(2).write('line 1\\n');
     setInterval(() => {}, 1000);`,
  ]);
  for await (const chunk of child.stderr.setEncoding('utf8')) if ((chunk as string).includes('line 1')) break;
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
});

it.each(['closed', 'stuck'])(
  'goes on, its reader being %s, with neither an error nor a growing memory',
  async (reader) => {
    const child = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `const { createLogStream } = await import(${JSON.stringify(SOURCE)});
     const stream = createLogStream(2);
     process.stdin.once('data', () => {
       const before = process.memoryUsage().arrayBuffers;
       for (let n = 0; n < 1000; n++) stream.write('x'.repeat(20_000) + '\\n');
       setImmediate(() => {
         console.log(process.memoryUsage().arrayBuffers - before < 12 * 1024 * 1024 ? 'bounded' : 'grown');
       });
     });`,
    ]);
    if (reader === 'closed') child.stderr.destroy();
    child.stdin.write('go');
    const [told] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    expect(told.toString()).toBe('bounded\n');
  },
);
