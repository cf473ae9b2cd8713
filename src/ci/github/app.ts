/**
 * A GitHub App's installation tokens:
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
 */
import { sign, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { UpstreamError, type UpstreamFailure } from '../../errors.ts';
import { withDeadline } from '../../resilience/deadline.ts';
import { RenewingValue, type Expiring } from '../../resilience/renewing-value.ts';
import type { SecretReader } from '../../secrets/secret.ts';
import { timeoutError } from '../../upstream/failures.ts';
import { apiPath, type ApiResponse, type SendApi } from '../../upstream/json-api.ts';
import { countChanges, formatAuthorization, type Authorizer } from '../authorizer.ts';
import { deniedError, readSecret } from '../failure.ts';
import { instant } from '../fields.ts';
import type { CiDeps } from '../kind.ts';
import { describeGitHubFailure } from './failure.ts';
import { parsePrivateKey } from './private-key.ts';
import { parseShape } from './schema.ts';

export interface GitHubAppAuth {
  readonly kind: 'app';
  readonly id: string;
  readonly installationId: string;
  /** Called before each token exchange, to notice a changed key. */
  readonly readPrivateKey: SecretReader;
}

interface AppDeps extends Pick<CiDeps, 'now' | 'timeoutMs'> {
  readonly send: SendApi;
  readonly host: string;
  /** Name of the connection in the configuration. */
  readonly connection: string;
}

/** The documented lifetime of an installation token. A longer claim is ignored. */
const LONGEST_LIFE = 3_600_000;

/** Share of a call's deadline that the token exchange may take, so that the call itself has time left. */
const TIME_SHARE = 0.5;

/** https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app */
const installationTokenSchema = z.object({ token: z.string(), expires_at: instant });

/**
 * Tokens belong to the connection. @octokit/auth-app (8.3.1) keeps pending exchanges in a module-level map
 * keyed by installation id alone, so a github.com and a GitHub Enterprise connection with the same id would
 * get each other's token.
 */
export function createAppAuthorizer(auth: GitHubAppAuth, deps: AppDeps): Authorizer {
  const renewing = new RenewingValue<string>({ now: deps.now });

  async function fetchToken(): Promise<Expiring<string>> {
    const askedAt = deps.now();
    const { token, expires_at } = await fetchInstallationToken(auth, deps);
    return { value: token, expiresAt: Math.min(expires_at, askedAt + LONGEST_LIFE) };
  }

  return {
    anonymous: false,
    authorize: async () => formatAuthorization('Bearer', await renewing.read(fetchToken), deps),
    invalidate: () => void renewing.invalidate(),
    generation: countChanges(auth.readPrivateKey),
  };
}

async function fetchInstallationToken(auth: GitHubAppAuth, deps: AppDeps) {
  const jwt = signJwt(auth.id, loadPrivateKey(auth, deps.host), deps.now());
  // Callers share this exchange, so it has a deadline of its own and outlives each caller's.
  const response = await withDeadline(
    TIME_SHARE * deps.timeoutMs,
    () => timeoutError(deps.host),
    (signal) =>
      deps.send({
        method: 'POST',
        path: apiPath`/app/installations/${auth.installationId}/access_tokens`,
        headers: { authorization: `Bearer ${jwt}` },
        signal,
      }),
  );
  if (response.status !== 201) throw new UpstreamError(describeTokenFailure(response, deps));
  return parseShape(installationTokenSchema, response.data, deps.host);
}

/** How far GitHub's clock may be behind ours, in seconds: it accepts no JWT from the future. */
const CLOCK_SKEW = 30;
/** GitHub's maximum, in seconds. */
const JWT_LIFE = 600;

/** Implements GitHub's "Generating a JSON Web Token (JWT) for a GitHub App" with Node's own crypto. */
function signJwt(appId: string, key: KeyObject, now: number): string {
  const issuedAt = Math.floor(now / 1000) - CLOCK_SKEW;
  const claims = { iat: issuedAt, exp: issuedAt + JWT_LIFE, iss: appId };
  const [header, payload] = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const unsigned = `${header}.${payload}`;
  return `${unsigned}.${sign('RSA-SHA256', Buffer.from(unsigned), key).toString('base64url')}`;
}

function loadPrivateKey({ readPrivateKey }: GitHubAppAuth, host: string): KeyObject {
  const advice = "download a new one from the App's settings";
  const text = readSecret(readPrivateKey, host);
  let key: KeyObject;
  try {
    key = parsePrivateKey(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : 'no PEM private key';
    throw deniedError(host, `the GitHub App's private key file holds ${found}; ${advice}`, error);
  }
  if (key.asymmetricKeyType === 'rsa') return key;
  throw deniedError(host, `the GitHub App's private key is no RSA key; ${advice}`);
}

function describeTokenFailure(response: ApiResponse, { host, connection, now }: AppDeps): UpstreamFailure {
  const app = `the GitHub App of connection "${connection}"`;
  const denied = (message: string): UpstreamFailure => ({ kind: 'denied', host, message });
  if (response.status === 401) {
    return denied(
      `${host} does not accept ${app}: its id or private key is wrong, or this machine's clock is`,
    );
  }
  if (response.status === 404) {
    const remedy = 'check installationId, and that the App is still installed';
    return denied(`${host} does not know the installation of ${app}: ${remedy}`);
  }
  const what = `a token for ${app}`;
  const call = { host, connection, anonymous: false, what, permission: '"Actions: read"' };
  return describeGitHubFailure(response, call, now());
}
