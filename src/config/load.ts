/** Loads the configuration file. It does not read secrets. */
import { ConfigError } from '../errors.ts';
import { readConfigFile, type ConfigFile, type ConfigFileSource } from './file.ts';
import { createConfig, type Config } from './config.ts';
import { describeIssues, type Problem } from './schema-issues.ts';
import { crossCheck } from './cross-checks.ts';
import { configSchema } from './schema.ts';
import { formatPath } from '../text/document-path.ts';

/**
 * Loads the file that `--config` names, else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @throws ConfigError with all problems at once, each on one line: place, what was found, what is expected
 */
export function loadConfig(source: ConfigFileSource): Config {
  const { file, yaml } = readConfigFile(source);
  const parsed = configSchema.safeParse(yaml.value);
  const problems = [
    ...describeIssues(parsed.error?.issues ?? [], yaml.value),
    ...crossCheck(yaml.value, source.env),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(formatProblems(file, problems, yaml));
  return createConfig(parsed.data, file, source.env);
}

/** Sorts the problems by their place in the file. */
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
