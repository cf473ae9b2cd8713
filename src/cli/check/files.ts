/** `greenpin check`: the files that secrets are in, and the token that callers must show. */
import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { checkSecretFiles } from '../../config/mounted-files.ts';
import { createSecretReader, type SecretSource } from '../../secrets/secret.ts';
import { parseTokens } from '../../http/tokens.ts';
import type { Runtime } from '../../compose/runtime.ts';
import type { Finding } from './findings.ts';

export function checkFiles(config: Config, world: Runtime): Finding[] {
  const problems = checkSecretFiles(config, statSync, (path) => readFileSync(path, 'utf8'));
  const missing = problems.map((line) => line.slice(config.file.length + 1).split(/: (?=found )/, 2));
  return [
    ...missing.map(([target = '', detail = '']) => failed(target, detail)),
    ...checkServerToken(config.server.token, world),
  ];
}

/** No probe uses it: what callers must show. Other secrets are read, and reported, by the probes that need them. */
function checkServerToken(token: SecretSource, world: Runtime): Finding[] {
  const target = 'file' in token ? 'server.tokenFile' : 'server.tokenEnv';
  // One that is missing has been told.
  if ('file' in token && statSync(token.file, { throwIfNoEntry: false })?.isFile() !== true) return [];
  try {
    return describeTokens(target, createSecretReader(token, { ...world, warn: () => undefined })());
  } catch (error) {
    return [failed(target, error instanceof Error ? error.message : 'it cannot be read')];
  }
}

/** An odd token may be the right one; but when each call is refused with 403, this is where to look. */
function describeTokens(target: string, text: string): Finding[] {
  const { valid, remarks } = parseTokens(text);
  const hint = 'write each token on a line of its own, and nothing else';
  if (valid.length === 0) return remarks.map((detail) => ({ ...failed(target, detail), hint }));
  return remarks.map((detail) => ({ level: 'warning', subject: 'file', target, detail, hint }));
}

function failed(target: string, detail: string): Finding {
  return {
    level: 'failed',
    subject: 'file',
    target,
    detail,
    hint: 'write the file, or mount the Secret there',
  };
}
