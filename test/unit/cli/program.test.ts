import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.ts';

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function stopSignal(): AbortSignal {
  return new AbortController().signal;
}

async function run(...args: string[]): Promise<Result> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runCli(args, { env: {}, stdout, stderr, version: '1.2.3', stopSignal });
  return { status, stdout: await text(stdout.end()), stderr: await text(stderr.end()) };
}

const COMMANDS = ['serve', 'resolve', 'digest', 'check', 'health', 'schema', 'demo', 'completion'];

describe('help', () => {
  test('of the program lists every command', async () => {
    const { status, stdout, stderr } = await run('--help');
    expect([status, stderr]).toEqual([0, '']);
    const listed = [...stdout.matchAll(/^ {2}(\w+) .*?(?:\[|<)/gm)].map(([, name]) => name);
    expect(listed).toEqual([...COMMANDS, 'help']);
  });

  test.each(COMMANDS)('of %s fits into 80 columns, and has its options', async (command) => {
    const { status, stdout, stderr } = await run(command, '--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Usage: greenpin ${command} \\[options\\]`));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect((await run('help', command)).stdout).toBe(stdout);
  });

  test.each([
    ['serve', '0 stopped, 2 invalid usage or configuration, or an address that is already in use'],
    ['resolve', '0 answered, 3 nothing to deploy, 1 failed, 2 invalid usage or configuration'],
    ['digest', '0 found, 3 not in the registry, 1 failed, 2 invalid reference'],
    ['check', '0 all passed (warnings allowed), 1 something failed, 2 invalid usage or configuration'],
    ['health', '0 healthy, 1 unhealthy, 2 invalid usage or configuration'],
    ['demo', '0 every step went as announced, 1 a step did not, 2 invalid usage'],
  ])('of %s tells its exit statuses', async (command, statuses) => {
    const { stdout } = await run(command, '--help');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`Exit status: ${statuses}`);
  });

  test.each(['serve', 'resolve', 'check', 'health'])(
    'of %s tells where the configuration is looked for',
    async (command) => {
      expect((await run(command, '--help')).stdout.replaceAll(/\s+/g, ' ')).toContain(
        '-c, --config <FILE> configuration file, or - for standard input (default: $GREENPIN_CONFIG, else greenpin.yaml)',
      );
    },
  );

  test('is shown, as a mistake, when no command is given', async () => {
    const { status, stdout, stderr } = await run();
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: greenpin/);
  });
});

test('the version is the package’s, and nothing else', async () => {
  expect(await run('--version')).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '' });
});

/** Longer than file systems allow. */
const LONG_NAME = '/'.padEnd(300, 'x');

describe('a usage error is one line and a pointer to help, with exit status 2', () => {
  test.each([
    [['resolve'], "required option '-b, --branch <BRANCH>' not specified"],
    [['resolve', '--brnach', 'x'], "unknown option '--brnach'\n(Did you mean --branch?)"],
    [['resolve', 'x'], "too many arguments for 'resolve'. Expected 0 arguments but got 1: x."],
    [['resolve', '--branch'], "option '-b, --branch <BRANCH>' argument missing"],
    [
      ['resolve', '--branch', ''],
      "option '-b, --branch <BRANCH>' argument '' is invalid. Expected the name of a branch.",
    ],
    [['resolve', '-b', 'x', '--nope'], "unknown option '--nope'"],
    [['check', 'x'], "too many arguments for 'check'. Expected 0 arguments but got 1: x."],
    [['digest'], "missing required argument 'IMAGE'"],
    [
      ['digest', '--platform', 'arm64', 'x'],
      '--platform: "arm64" is not a platform; expected OS/ARCHITECTURE, such as linux/arm64',
    ],
    [
      ['digest', '--docker-config', '/no/such', 'x'],
      '--docker-config: found nothing at "/no/such", expected a file',
    ],
    [
      // Even to examine it fails.
      ['digest', '--docker-config', LONG_NAME, 'x'],
      `--docker-config: found nothing at "${LONG_NAME}", expected a file`,
    ],
    [
      ['serve', '--log-level', 'loud'],
      "option '--log-level <LEVEL>' argument 'loud' is invalid. Allowed choices are trace, debug, info, warn, error, fatal, silent.",
    ],
    [
      ['demo', '--port', '65536'],
      "option '--port <PORT>' argument '65536' is invalid. Expected a number from 0 to 65535.",
    ],
    [
      ['demo', '--port', '0x10'],
      "option '--port <PORT>' argument '0x10' is invalid. Expected a number from 0 to 65535.",
    ],
  ])('%j', async (args, message) => {
    expect(await run(...args)).toEqual({
      status: 2,
      stdout: '',
      stderr: `greenpin: ${message}\nTry greenpin ${args[0]} --help.\n`,
    });
  });

  test('of an unknown command, with the one that was meant', async () => {
    expect(await run('resolv', '-b', 'x')).toEqual({
      status: 2,
      stdout: '',
      stderr: "greenpin: unknown command 'resolv'\n(Did you mean resolve?)\nTry greenpin --help.\n",
    });
  });

  test('shows what was typed without letting it steer the terminal', async () => {
    const { stderr } = await run('check', '--\u001b[2Jx');
    expect(stderr).toContain(String.raw`unknown option '--\u{1b}[2Jx'`);
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('a configuration that cannot be used', () => {
  test.each(['serve', 'check', 'health', 'resolve'])('is one line and exit status 2: %s', async (command) => {
    const branch = command === 'resolve' ? ['--branch', 'x'] : [];
    expect(await run(command, '--config', '/no/such.yaml', ...branch)).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'greenpin: /no/such.yaml: found no such file, expected the configuration file; ' +
        'name it with --config FILE or GREENPIN_CONFIG, or create ./greenpin.yaml\n',
    });
  });
});

test('schema prints the JSON Schema of the configuration, and takes --config like every command', async () => {
  const { status, stdout, stderr } = await run('schema', '--config', '/no/such.yaml');
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    required: ['projects'],
  });
});

test('a defect is one line that says so, with exit status 1', async () => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  stdout.write = () => {
    throw new TypeError('broken, with Bearer 0123456789abcdef');
  };
  expect(await runCli(['schema'], { env: {}, stdout, stderr, version: '1', stopSignal })).toBe(1);
  const written = await text(stderr.end());
  expect(written.trimEnd().split('\n')).toHaveLength(1);
  expect(JSON.parse(written)).toMatchObject({
    level: 'error',
    msg: 'internal error in Greenpin, please report it',
    err: { type: 'TypeError', message: 'broken, with Bearer [redacted]' },
  });
});
