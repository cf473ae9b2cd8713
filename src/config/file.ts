/** The configuration file: which one it is, and what is in it. */
import { ConfigError } from '../errors.ts';
import type { Environment } from './rules.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface ConfigFileSource {
  /** What `--config` says, if it was given. */
  readonly file?: string | undefined;
  /** Reads a text file, or, for `-`, standard input; throws as `node:fs` does. */
  readonly readFile: (path: string) => string;
  readonly env: Environment;
}

export interface ConfigFile {
  readonly file: string;
  /** Not yet checked, but not empty. */
  readonly yaml: Extract<YamlDocument, { kind: 'read' }>;
}

/**
 * Reads the file that `--config` names (`-`: standard input), else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @throws ConfigError when it cannot be read, or is no YAML
 */
export function readConfigFile({ file: given, readFile, env }: ConfigFileSource): ConfigFile {
  // An empty value is what an unset variable leaves in a shell's command line.
  const path = given || env['GREENPIN_CONFIG'] || DEFAULT_FILE;
  const file = path === STANDARD_INPUT ? 'standard input' : path;
  const source = readText(path, file, readFile);
  if (isUtf16(source)) {
    throw new ConfigError([`${file}: found UTF-16, expected UTF-8; save it in that encoding`]);
  }
  const yaml = parseYaml(source);
  if (yaml.kind === 'unreadable') {
    throw new ConfigError(yaml.problems.map(({ line, col, text }) => `${file}:${line}:${col} ${text}`));
  }
  if (yaml.value === null) {
    throw new ConfigError([`${file}: found an empty file, expected a mapping with connections and projects`]);
  }
  return { file, yaml };
}

const STANDARD_INPUT = '-';
const DEFAULT_FILE = 'greenpin.yaml';

/** In the words of `node:fs`. */
const READ_FAILURES = new Map([
  ['ENOENT', 'found no such file'],
  ['ENOTDIR', 'found no such file'],
  ['EISDIR', 'found a directory'],
  ['EACCES', 'found a file that may not be read'],
  ['EPERM', 'found a file that may not be read'],
]);

/** @param text as UTF-8 makes it of the bytes: a byte order mark that is none, or every other character a NUL */
function isUtf16(text: string): boolean {
  return text.startsWith('\ufffd\ufffd') || text.includes('\0');
}

function readText(path: string, file: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const found = READ_FAILURES.get(code) ?? 'found a file that cannot be read';
    const how = 'give one by --config FILE or GREENPIN_CONFIG, or write ./greenpin.yaml';
    throw new ConfigError([`${file}: ${found}, expected the configuration file; ${how}`], { cause: error });
  }
}
