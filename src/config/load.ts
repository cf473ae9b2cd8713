/** Loads the configuration file at the start (design §3). Secrets are not read here. */
import { ConfigError } from '../errors.ts';
import { createConfig, type Config } from './config.ts';
import type { ImageParsers } from './image-rules.ts';
import { describeIssues } from './issues.ts';
import { formatPath, type Problem } from './problem.ts';
import { findContradictions, type Environment } from './rules.ts';
import { configSchema } from './schema.ts';
import { parseYaml, type YamlDocument } from './yaml-document.ts';

export interface LoadDependencies extends ImageParsers {
  /** What `--config` says, if it was given. */
  readonly file?: string | undefined;
  /** Reads a text file; throws as `node:fs` does. */
  readonly readFile: (path: string) => string;
  readonly env: Environment;
}

/**
 * Reads, checks and completes the file that `--config` names, else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @throws ConfigError with all problems at once, one line each: place, what was found, what is expected
 */
export function loadConfig({ file: given, readFile, env, ...parsers }: LoadDependencies): Config {
  // An empty value is what an unset variable leaves in a shell's command line.
  const file = given || env['GREENPIN_CONFIG'] || DEFAULT_FILE;
  const yaml = parseYaml(readText(file, readFile));
  if (yaml.kind === 'unreadable') {
    throw new ConfigError(yaml.problems.map(({ line, col, text }) => `${file}:${line}:${col} ${text}`));
  }
  if (yaml.value === null) {
    throw new ConfigError([`${file}: found an empty file, expected a mapping with ci and projects`]);
  }
  const parsed = configSchema.safeParse(yaml.value);
  const problems = [
    ...describeIssues(parsed.error?.issues ?? [], yaml.value),
    ...findContradictions(yaml.value, parsers, env),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(formatProblems(file, problems, yaml));
  return createConfig(parsed.data, { file, parsePlatform: parsers.parsePlatform });
}

const DEFAULT_FILE = 'greenpin.yaml';

/** In the words of `node:fs`. */
const READ_FAILURES = new Map([
  ['ENOENT', 'found no such file'],
  ['ENOTDIR', 'found no such file'],
  ['EISDIR', 'found a directory'],
  ['EACCES', 'found a file that may not be read'],
  ['EPERM', 'found a file that may not be read'],
]);

function readText(file: string, readFile: (path: string) => string): string {
  try {
    return readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const found = READ_FAILURES.get(code) ?? 'found a file that cannot be read';
    const how = 'give one by --config FILE or GREENPIN_CONFIG, or write ./greenpin.yaml';
    throw new ConfigError([`${file}: ${found}, expected the configuration file; ${how}`], { cause: error });
  }
}

/** In the order of the file. */
function formatProblems(
  file: string,
  problems: readonly Problem[],
  { locate }: Extract<YamlDocument, { kind: 'read' }>,
): string[] {
  return problems
    .map(({ path, text }) => ({ ...locate(path), path: formatPath(path), text }))
    .toSorted((a, b) => a.line - b.line || a.col - b.col)
    .map(({ line, col, path, text }) =>
      path === '' ? `${file}:${line}:${col} ${text}` : `${file}:${line}:${col} ${path}: ${text}`,
    );
}
