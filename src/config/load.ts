/** Loads the configuration file. It does not read secrets. */
import { ConfigError } from '../errors.ts';
import { readConfigFile, type ConfigFile, type ConfigFileSource } from './file.ts';
import { createConfig, type Config } from './config.ts';
import { describeIssues, type Problem } from './schema-issues.ts';
import { crossCheck, findVariableProblems } from './cross-checks.ts';
import { configSchema } from './schema.ts';
import { formatPath } from '../text/document-path.ts';

/**
 * Loads the file that `--config` names, else `GREENPIN_CONFIG`, else `greenpin.yaml`.
 * @param checkFiles called if environment variables are missing, so that missing files are reported with them
 * @throws ConfigError with all problems at once, each on one line: place, what was found, what is expected
 */
export function loadConfig(
  source: ConfigFileSource,
  checkFiles: (config: Config) => readonly string[] = () => [],
): Config {
  const file = readConfigFile(source);
  const { value } = file.yaml;
  const parsed = configSchema.safeParse(value);
  const issues = parsed.error?.issues ?? [];
  const problems = [...describeIssues(issues, value), ...crossCheck(value, source.env)];
  const unset = findVariableProblems(value, source.env);
  if (!parsed.success || problems.length > 0) {
    throw new ConfigError(formatProblems(file, [...problems, ...unset]));
  }
  const config = createConfig(parsed.data, file.file, source.env);
  if (unset.length > 0) throw new ConfigError([...formatProblems(file, unset), ...checkFiles(config)]);
  return config;
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
