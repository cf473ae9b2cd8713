/** Loads the configuration file at the start (design §3). Secrets are not read here. */
import { ConfigError } from '../errors.ts';
import { readConfigFile, type ConfigFile, type ConfigFileSource } from './file.ts';
import { createConfig, type Config } from './config.ts';
import type { ImageParsers } from './image-rules.ts';
import { describeIssues } from './schema-issues.ts';
import { type Problem } from './problem.ts';
import { findContradictions } from './cross-checks.ts';
import { configSchema } from './schema.ts';
import { formatPath } from '../text/document-path.ts';

/**
 * Reads, checks and completes the file that `--config` names, else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @throws ConfigError with all problems at once, one line each: place, what was found, what is expected
 */
export function loadConfig({
  parseReference,
  parsePlatform,
  ...source
}: ConfigFileSource & ImageParsers): Config {
  const { file, yaml } = readConfigFile(source);
  const parsed = configSchema.safeParse(yaml.value);
  const problems = [
    ...describeIssues(parsed.error?.issues ?? [], yaml.value),
    ...findContradictions(yaml.value, { parseReference, parsePlatform }, source.env),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(formatProblems(file, problems, yaml));
  const { GREENPIN_STATE_DIRECTORY: stateDirectory, HOME: home } = source.env;
  const given = { ...(stateDirectory && { stateDirectory }), ...(home && { home }) };
  return createConfig(parsed.data, { file, parsePlatform, ...given });
}

/** In the order of the file. */
function formatProblems(
  file: string,
  problems: readonly Problem[],
  { locate }: ConfigFile['yaml'],
): string[] {
  return problems
    .map(({ path, text }) => ({ ...locate(path), path: formatPath(path), text }))
    .toSorted((a, b) => a.line - b.line || a.col - b.col)
    .map(({ line, col, path, text }) =>
      path === '' ? `${file}:${line}:${col} ${text}` : `${file}:${line}:${col} ${path}: ${text}`,
    );
}
