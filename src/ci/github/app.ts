/** A GitHub App's installation tokens: https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app */
import type { KeyObject } from 'node:crypto';
import { createAppAuth } from '@octokit/auth-app';
import { z } from 'zod';
import { UpstreamError, type UpstreamFailure } from '../../errors.ts';
import { withDeadline } from '../../resilience/deadline.ts';
import { RenewingValue, type Expiring } from '../../resilience/renewing-value.ts';
import { failureOf } from './failure.ts';
import { instant, parseShape } from './schema.ts';
import type { GitHubAnswer, GitHubSend } from './request.ts';
import { parsePrivateKey } from './private-key.ts';
import { deniedError, readSecret } from '../secret-failure.ts';
import type { Clock } from '../../clock.ts';
import { timeoutError } from '../../upstream/failures.ts';

export interface GitHubAppAuth {
  readonly kind: 'app';
  readonly id: string;
  readonly installationId: string;
  /** Asked before each new token, so that a changed key is seen; throws an Error with one clear line. */
  readonly readPrivateKey: () => string;
}

export interface GitHubAuthDeps {
  readonly now: Clock;
  readonly timeoutMs: number;
  readonly send: GitHubSend;
  readonly host: string;
  /** Name of the connection in the configuration. */
  readonly connection: string;
}

export interface TokenSource {
  /** @throws UpstreamError `denied` when the key or the App is not accepted, or what the call for a token met with */
  readToken(): Promise<string>;
  /** The last token was refused: it is not handed out again. */
  forget(): void;
}

/** An installation's token lives this long, says GitHub; an answer that promises more is not believed. */
const LONGEST_LIFE = 3_600_000;

/** Part of a call's time that the token may take; the rest is left for what the call is about. */
const TIME_SHARE = 0.5;

/** https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app */
const installationTokenSchema = z.object({ token: z.string(), expires_at: instant });

/**
 * Only the App's own signature (JWT) is @octokit/auth-app's; the installation's token is asked for and kept here. The library keeps
 * pending token requests in a module-level map whose key is the installation's id alone (8.3.1,
 * `getInstallationAuthenticationConcurrently`), so that two connections with the same id, github.com and a GitHub Enterprise server,
 * would be given each other's token. Here what is pending belongs to the connection.
 */
export function createAppTokenSource(auth: GitHubAppAuth, deps: GitHubAuthDeps): TokenSource {
  const renewing = new RenewingValue<string>({ now: deps.now });

  async function fetchToken(): Promise<Expiring<string>> {
    const askedAt = deps.now();
    const { token, expires_at } = await fetchInstallationToken(auth, deps);
    return { value: token, expiresAt: Math.min(expires_at, askedAt + LONGEST_LIFE) };
  }

  return {
    readToken: () => renewing.read(fetchToken),
    forget: () => void renewing.invalidate(),
  };
}

async function fetchInstallationToken(auth: GitHubAppAuth, deps: GitHubAuthDeps) {
  const jwt = await signJwt(auth, deps.host);
  // Callers share this request: it has a deadline of its own, and no caller's end is its end.
  const answer = await withDeadline(
    TIME_SHARE * deps.timeoutMs,
    () => timeoutError(deps.host),
    (signal) =>
      deps.send({
        method: 'POST',
        path: '/app/installations/{installation_id}/access_tokens',
        parameters: { installation_id: auth.installationId },
        authorization: `Bearer ${jwt}`,
        signal,
      }),
  );
  if (answer.status !== 201) throw new UpstreamError(tokenFailure(answer, deps));
  return parseShape(installationTokenSchema, answer.data, deps.host);
}

async function signJwt(auth: GitHubAppAuth, host: string): Promise<string> {
  const privateKey = toPkcs8(readSecret(auth.readPrivateKey, host), host);
  const { token } = await createAppAuth({ appId: auth.id, privateKey })({ type: 'app' });
  return token;
}

/** GitHub hands out PKCS#1; the library wants PKCS#8, and its own messages do not say what to do. */
function toPkcs8(text: string, host: string): string {
  const advice = "download a new one from the App's settings";
  let key: KeyObject;
  try {
    key = parsePrivateKey(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : 'no PEM private key';
    throw deniedError(host, `the GitHub App's private key file holds ${found}; ${advice}`, error);
  }
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  throw deniedError(host, `the GitHub App's private key is no RSA key; ${advice}`);
}

function tokenFailure(answer: GitHubAnswer, { host, connection, now }: GitHubAuthDeps): UpstreamFailure {
  const app = `the GitHub App of connection "${connection}"`;
  if (answer.status === 401) {
    const message = `${host} does not accept ${app}: its id or private key is wrong, or this machine's clock is`;
    return { kind: 'denied', host, message };
  }
  if (answer.status === 404) {
    const message = `${host} does not know the installation of ${app}: check installationId, and that the App is still installed`;
    return { kind: 'denied', host, message };
  }
  const asked = {
    host,
    connection,
    anonymous: false,
    what: `a token for ${app}`,
    permission: 'Actions: read',
  };
  return failureOf(answer, asked, now());
}
