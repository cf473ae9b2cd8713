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
  const file = readConfigFile(source);
  const { value } = file.yaml;
  const parsed = configSchema.safeParse(value);
  const issues = parsed.error?.issues ?? [];
  const problems = [...describeIssues(issues, value), ...crossCheck(value, source.env)];
  if (!parsed.success || problems.length > 0) throw new ConfigError(formatProblems(file, problems));
  return createConfig(parsed.data, file.file, source.env);
}

/** Sorts the problems by their place in the file. */
function formatProblems({ file, yaml }: ConfigFile, problems: readonly Problem[]): string[] {
  return problems
    .map(({ path, text }) => ({
      ...yaml.locate(path),
      text: path.length === 0 ? text : `${formatPath(path)}: ${text}`,
    }))
    .toSorted((a, b) => a.line - b.line || a.col - b.col)
    .map(({ line, col, text }) => `${file}:${line}:${col} ${text}`);
}
