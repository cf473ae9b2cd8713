/** Names and numbers that become parts of a URL's path. Pure. */
import { UpstreamError } from '../../errors.ts';

/** `apiPath` encodes names, but a URL resolves `.` and `..` as directories whatever their encoding. */
export function nameOf(gitRepository: string, host: string): { owner: string; repo: string } {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(gitRepository) ?? [];
  if (owner === undefined || repo === undefined || /^\.+$/.test(owner) || /^\.+$/.test(repo)) {
    throw unknown(host, `${JSON.stringify(gitRepository)} is not a GitHub repository; expected OWNER/NAME`);
  }
  return { owner, repo };
}

export function digitsOf(id: string, host: string): string {
  if (!/^\d+$/.test(id)) throw unknown(host, 'GitHub numbers its runs and pull requests; expected digits');
  return id;
}

function unknown(host: string, message: string): UpstreamError {
  return new UpstreamError({ kind: 'not_found', host, message });
}
