/** Finds and reads the configuration file. */
import { ConfigError } from '../errors.ts';
import { parseYaml, type YamlDocument } from './yaml.ts';

export interface ConfigFileSource {
  /** The value of `--config`. */
  readonly file?: string | undefined;
  /** Reads a text file, or standard input for `-`; throws as `node:fs` does. */
  readonly readFile: (path: string) => string;
  readonly env: NodeJS.ProcessEnv;
}

export interface ConfigFile {
  readonly file: string;
  /** Not empty, but not validated. */
  readonly yaml: Extract<YamlDocument, { kind: 'read' }>;
}

/**
 * Reads the file that `--config` names (`-`: standard input), else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @throws ConfigError if it cannot be read, or is not YAML
 */
export function readConfigFile({ file: given, readFile, env }: ConfigFileSource): ConfigFile {
  // An empty value is what a shell passes for an unset variable.
  const path = given || env['GREENPIN_CONFIG'] || 'greenpin.yaml';
  const file = path === '-' ? 'standard input' : path;
  const source = readText(path, file, readFile);
  // Decoded as UTF-8, a byte order mark of UTF-16 is invalid, or every other character is NUL.
  if (source.startsWith('\ufffd\ufffd') || source.includes('\0')) {
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

/** By error code of `node:fs`. */
const READ_FAILURES = new Map([
  ['ENOENT', 'found no such file'],
  ['ENOTDIR', 'found no such file'],
  ['EISDIR', 'found a directory'],
  ['EACCES', 'found a file without read permission'],
  ['EPERM', 'found a file without read permission'],
]);

function readText(path: string, file: string, readFile: (path: string) => string): string {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const found = READ_FAILURES.get(code) ?? 'found a file that cannot be read';
    const how = 'name it with --config FILE or GREENPIN_CONFIG, or create ./greenpin.yaml';
    throw new ConfigError([`${file}: ${found}, expected the configuration file; ${how}`], { cause: error });
  }
}
