/** Checks the files that hold secrets, and the plugin's own token. */
import { statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { checkSecretFiles } from '../../config/mounted-files.ts';
import { parseTokens } from '../../http/tokens.ts';
import { createSecretReader, type SecretSource } from '../../secrets/secret.ts';
import type { Runtime } from '../../compose/runtime.ts';
import type { Finding } from './findings.ts';

export function checkFiles(config: Config, runtime: Runtime): Finding[] {
  const problems = checkSecretFiles(config);
  const missing = problems.map((line) => line.slice(config.file.length + 1).split(/: (?=found )/, 2));
  return [
    ...missing.map(([target = '', detail = '']) => failed(target, detail)),
    ...checkServerToken(config.server.token, runtime),
  ];
}

/** The probes read, and report, every other secret. */
function checkServerToken(token: SecretSource, runtime: Runtime): Finding[] {
  const target = 'file' in token ? 'server.tokenFile' : 'server.tokenEnv';
  // checkSecretFiles has reported a missing file.
  if ('file' in token && statSync(token.file, { throwIfNoEntry: false })?.isFile() !== true) return [];
  try {
    return describeTokens(target, createSecretReader(token, { ...runtime, warn: () => undefined })());
  } catch (error) {
    return [failed(target, error instanceof Error ? error.message : 'cannot be read')];
  }
}

/** An unusual token may be intended, but it is the likely cause if every call gets 403. */
function describeTokens(target: string, text: string): Finding[] {
  const { valid, remarks } = parseTokens(text);
  const hint = 'write one token per line and nothing else';
  if (valid.length === 0) return remarks.map((detail) => ({ ...failed(target, detail), hint }));
  return remarks.map((detail) => ({ level: 'warning', subject: 'file', target, detail, hint }));
}

function failed(target: string, detail: string): Finding {
  const hint = 'create the file or mount the Secret there';
  return { level: 'failed', subject: 'file', target, detail, hint };
}
