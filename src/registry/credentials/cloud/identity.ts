/** This process's identity in a cloud as a registry's credential: `registries.HOST.identity`. */
import type { Clock } from '../../../clock.ts';
import { UpstreamError, type UpstreamFailure } from '../../../errors.ts';
import { withDeadline } from '../../../resilience/deadline.ts';
import { RenewingValue, type Expiring } from '../../../resilience/renewing-value.ts';
import type { FetchHttp } from '../../transport.ts';
import type { Credential } from '../credential.ts';
import { createAwsCloud, type AwsDeps, type EcrIdentity } from './aws.ts';
import { createAzureCloud } from './azure.ts';
import { describeCloudFailure } from './failure.ts';
import { createGoogleCloud, type GoogleIdentity } from './google.ts';
import { NoToken, TOO_LATE, type Cloud } from './token-exchange.ts';

export type IdentitySettings = EcrIdentity | GoogleIdentity | { readonly cloud: 'azure' };

export interface IdentityDeps extends AwsDeps {
  readonly now: Clock;
  readonly warn: (message: string) => void;
}

export interface Identity {
  /**
   * @param fetchHttp for requests to the registry itself
   * @throws UpstreamError
   */
  fetchCredential(fetchHttp: FetchHttp): Promise<Credential>;
  /** @returns whether `denied` was issued here and is dropped, so that there may be another one */
  forget(denied: Credential): boolean;
}

/** ECR's tokens live longest: twelve hours. A longer claim is ignored. */
const LONGEST_LIFE_MS = 12 * 3_600_000;

/** @param host the registry, as in image references */
export function createIdentity(host: string, settings: IdentitySettings, deps: IdentityDeps): Identity {
  const { now, timeoutMs, warn } = deps;
  const cloud = createCloud(host, settings, deps);
  const source = `identity ${settings.cloud} of registries.${host}`;
  const credential = new RenewingValue<Credential>({
    now,
    onRenewalFailed(error) {
      const { message } = explain(error, host, cloud, 'no new credentials');
      warn(`${message}; the previous ones stay in use until they expire`);
    },
  });

  async function exchange(fetchHttp: FetchHttp): Promise<Expiring<Credential>> {
    const token = await withDeadline(
      timeoutMs,
      () => new NoToken('timeout', TOO_LATE),
      (signal) => cloud.exchange({ source, signal, fetchHttp }),
    );
    if (!(token.expiresAt > now())) {
      const clause = "returned a token that has already expired (check this machine's clock)";
      throw new NoToken('malformed', clause);
    }
    return { ...token, expiresAt: Math.min(token.expiresAt, now() + LONGEST_LIFE_MS) };
  }

  return {
    async fetchCredential(fetchHttp) {
      try {
        return await credential.read(() => exchange(fetchHttp));
      } catch (error) {
        // Without the cause: the error of a library holds requests, and so secrets.
        throw new UpstreamError(explain(error, host, cloud, 'no credentials'));
      }
    },
    forget: (denied) => credential.invalidate(denied),
  };
}

function createCloud(host: string, settings: IdentitySettings, deps: IdentityDeps): Cloud {
  switch (settings.cloud) {
    case 'aws':
      return createAwsCloud(settings, deps);
    case 'google':
      return createGoogleCloud(settings);
    case 'azure':
      return createAzureCloud(host);
  }
}

/** Failures that the configuration or the network may cause; the others are the cloud's own. */
const OURS_TO_CHECK: ReadonlySet<UpstreamFailure['kind']> = new Set(['denied', 'timeout', 'unreachable']);

/** @param missing `no credentials`: the beginning of the message */
function explain(error: unknown, host: string, { name, hint }: Cloud, missing: string): UpstreamFailure {
  if (error instanceof UpstreamError) return error.failure;
  const { kind, clause } = describeCloudFailure(error);
  const advice = OURS_TO_CHECK.has(kind) ? `; ${hint}` : '';
  return { kind, host, message: `${missing} for ${host}: ${name} ${clause}${advice}` };
}
