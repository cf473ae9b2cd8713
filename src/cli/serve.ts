/** `greenpin serve`: runs the plugin from start-up to graceful shutdown. */
import { once } from 'node:events';
import { checkSecretFiles } from '../config/mounted-files.ts';
import { ConfigError } from '../errors.ts';
import type { LogLevel } from '../log/log-level.ts';
import { createLogger } from '../log/logger.ts';
import { redirectNodeWarnings } from './node-warnings.ts';
import { findIneffectiveSettings } from './check/warnings.ts';
import { loadCommandConfig, type CommandContext } from './context.ts';
import { composeService } from '../compose/service.ts';

export interface ServeOptions {
  readonly config?: string;
  readonly logLevel: LogLevel;
}

/**
 * Serves until a stop signal arrives, then answers the calls in flight.
 * @returns exit status 0
 * @throws ConfigError, also if the address cannot be listened on
 */
export async function serve(options: ServeOptions, context: CommandContext): Promise<number> {
  const config = await loadCommandConfig(options, context, checkSecretFiles);
  const problems = checkSecretFiles(config);
  if (problems.length > 0) throw new ConfigError(problems);
  const logger = createLogger(options.logLevel);
  // Keeps the log at one JSON object per line.
  redirectNodeWarnings(process, (message) => logger.warn(message));
  const { env, version } = context;
  const stopping = context.stopSignal();
  const service = composeService(config, { env, now: Date.now, logger, version, stopping });
  // A failure outside any call must not end the process, which answers for every environment.
  process.on('unhandledRejection', (err) => {
    logger.error({ err }, 'internal error in Greenpin, please report it');
  });
  const addresses = await service.start();
  logger.info({ version, config: config.file, ...addresses }, 'listening');
  for (const { subject, target, detail } of findIneffectiveSettings(config)) {
    logger.warn(`${subject} ${target}`.trimEnd() + `: ${detail}; see greenpin check`);
  }
  if (!stopping.aborted) await once(stopping, 'abort');
  logger.info('stopping: answering calls in flight first');
  await service.stop();
  logger.info('stopped');
  return 0;
}
