/**
 * Reads only the management address from the configuration, because `greenpin health` runs every few seconds.
 */
import { ConfigError } from '../errors.ts';
import { readConfigFile, type ConfigFileSource } from './file.ts';
import { isMapping } from '../text/document-path.ts';

export const DEFAULT_MANAGEMENT = { host: '::', port: 9464 };
/** A host name or an IPv4 address without a port, or an IPv6 address without brackets. */
export const ADDRESS = /^(?:[A-Za-z0-9._-]+|[A-Fa-f0-9]*:[A-Fa-f0-9]*:[A-Za-z0-9.:_-]*)$/;
export const HIGHEST_PORT = 65_535;

/** @throws ConfigError if the file cannot be read, or contains no valid address */
export function readManagementAddress(source: ConfigFileSource): typeof DEFAULT_MANAGEMENT {
  const { file, yaml } = readConfigFile(source);
  const { management = {} } = isMapping(yaml.value) ? yaml.value : {};
  const given = isMapping(management) ? management : { port: undefined };
  const { host, port } = { ...DEFAULT_MANAGEMENT, ...given };
  if (typeof host === 'string' && ADDRESS.test(host) && isPort(port)) return { host, port };
  throw new ConfigError([
    `${file} management: found an invalid address, expected a host and a port from 1 to ${HIGHEST_PORT}`,
  ]);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= HIGHEST_PORT;
}
