/** `greenpin serve`: the plugin, from start to graceful stop. */
import { readFileSync, statSync } from 'node:fs';
import { checkSecretFiles } from '../config/mounted-files.ts';
import { ConfigError } from '../errors.ts';
import type { LogLevel } from '../log/log-level.ts';
import { createLogger } from '../log/logger.ts';
import { tellNodeWarnings } from './node-warnings.ts';
import { findIdleSettings } from './check/warnings.ts';
import { loadCommandConfig, untilAborted, type CommandContext } from './context.ts';
import { composeService } from '../compose/service.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly logLevel: LogLevel;
}

/**
 * Serves until the process is asked to stop; calls in flight are answered first.
 * @returns exit status 0
 * @throws ConfigError; also for an address that cannot be listened on
 */
export async function serve(options: ServeOptions, context: CommandContext): Promise<number> {
  const config = loadCommandConfig(options, context);
  const problems = checkSecretFiles(config, statSync, (path) => readFileSync(path, 'utf8'));
  if (problems.length > 0) throw new ConfigError(problems);
  const logger = createLogger(options.logLevel);
  // The log is one JSON object a line, whoever has something to say.
  tellNodeWarnings(process, (message) => logger.warn(message));
  const { env, version } = context;
  const stopping = context.stopSignal();
  const service = composeService(config, { env, now: Date.now, logger, version, stopping });
  // What fails beside any call must not end the process, and with it the answers of all environments.
  process.on('unhandledRejection', (err) => {
    logger.error({ err }, 'internal error in Greenpin, please report it');
  });
  const addresses = await service.start();
  logger.info({ version, config: config.file, ...addresses }, 'listening');
  for (const { subject, target, detail } of findIdleSettings(config)) {
    logger.warn(`${subject} ${target}`.trimEnd() + `: ${detail}; see greenpin check`);
  }
  await untilAborted(stopping);
  logger.info('stopping: calls in flight are answered first');
  await service.stop();
  logger.info('stopped');
  return 0;
}
