/** Tells Gitea and Forgejo apart. Pure. */
import { malformed } from '../../upstream/failures.ts';

/** Only Gitea's runs have the one field, only Forgejo's the other. */
const MARKS = { gitea: 'head_sha', forgejo: 'commit_sha' } as const;
const NAMES = { gitea: 'Gitea', forgejo: 'Forgejo' } as const;

type Kind = keyof typeof MARKS;

/** @throws UpstreamError `malformed`, which names the right kind, if this is a run of the other API */
export function checkKind(run: unknown, kind: Kind, host: string): void {
  if (typeof run !== 'object' || run === null) return;
  const other = kind === 'gitea' ? 'forgejo' : 'gitea';
  if (!(MARKS[kind] in run) && MARKS[other] in run) {
    throw malformed(host, describeWrongKind(other, host), 'server');
  }
}

/** @param found what the server runs */
export function describeWrongKind(found: Kind, host: string): string {
  return `${host} runs ${NAMES[found]}: set the connection's kind to ${found}`;
}
