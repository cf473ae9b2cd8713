/** Keys that several kinds of connections share: `connections.<name>`. */
import { text } from '../schema/fields.ts';
import { secretFile, secretVariable } from '../schema/files.ts';

const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])';
const LOOPBACK = '(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1\\])';
/** A Service of Kubernetes: `jenkins.ci.svc`, `jenkins.ci.svc.cluster.local`. */
const SERVICE = '[a-z0-9][a-z0-9-]*\\.[a-z0-9][a-z0-9-]*\\.svc(?:\\.[a-z0-9][a-z0-9.-]*)?';
const REST = '(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%/-]*)?';

export interface ApiUrlOptions {
  /** `https://gitlab.example.com` */
  readonly example: string;
  /** Matches URLs that lead elsewhere, as alternatives of a regular expression. */
  readonly except?: string | undefined;
  /** @returns the likely intention for a rejected value */
  readonly suggest?: ((found: string) => string | undefined) | undefined;
  /** Also allows `http` to a Service of the cluster, for servers that usually run in one. */
  readonly inCluster?: boolean | undefined;
}

/** The server's URL. The token would travel in clear over plain HTTP, so it must stay on the machine or in the cluster. */
export function apiUrl({ example, except, suggest, inCluster = false }: ApiUrlOptions) {
  const unless = except === undefined ? '' : `(?!(?:${except})(?:/|$))`;
  const plain = inCluster ? `(?:${LOOPBACK}|${SERVICE})` : LOOPBACK;
  const where = inCluster ? 'on loopback or to a Service of the cluster, NAME.NAMESPACE.svc' : 'on loopback';
  const pattern = new RegExp(`^${unless}(?:https://${HOST}|http://${plain})${REST}$`);
  return text(
    pattern,
    `an https URL without credentials and query, for example ${example} (http only ${where}, since the token would travel in clear)`,
    (found) => {
      const meant = suggest?.(found) ?? found;
      const candidates = [meant, meant.replace(/^http:/, 'https:'), `https://${meant}`];
      return candidates.find((each) => each !== found && pattern.test(each));
    },
  );
}

/** @param may `a token that may read Actions` */
export function tokenEnv(may: string, example: string) {
  return secretVariable(`Environment variable with ${may}.`, example).optional();
}

/** @param may `a token that may read Actions` */
export function tokenFile(may: string, example: string) {
  return secretFile(`File with ${may}. Greenpin reads it again when it changes.`, example).optional();
}
