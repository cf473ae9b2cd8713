/** Names and numbers that become parts of a URL's path. Pure. */
import { UpstreamError } from '../../errors.ts';

/**
 * A whole path is one encoded segment, but some proxies decode `%2F`, and a URL resolves `.` and `..` as
 * directories.
 */
export function pathOf(gitRepository: string, host: string): string {
  const parts = gitRepository.split('/');
  if (parts.length > 1 && parts.every((part) => /^[\w.-]+$/.test(part) && !/^\.+$/.test(part))) {
    return gitRepository;
  }
  const message = `${JSON.stringify(gitRepository)} is not the path of a GitLab project; expected GROUP/NAME`;
  throw new UpstreamError({ kind: 'not_found', host, message });
}

export function digitsOf(id: string, host: string): string {
  if (/^\d+$/.test(id)) return id;
  const message = 'GitLab numbers its pipelines and merge requests; expected digits';
  throw new UpstreamError({ kind: 'not_found', host, message });
}
