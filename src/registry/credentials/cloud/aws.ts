/**
 * Amazon ECR and ECR Public: GetAuthorizationToken with the identity that the AWS SDK finds. The SDK itself
 * reads the environment and the files named there: IRSA (AWS_WEB_IDENTITY_TOKEN_FILE), Pod Identity
 * (AWS_CONTAINER_CREDENTIALS_FULL_URI), profiles, the instance's role.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
 */
import type { Credential } from '../credential.ts';
import type { CloudHost } from './hosts.ts';
import { WITHOUT_EXPIRY, NoToken, type Cloud, type ExchangeContext } from './token-exchange.ts';
import type { Expiring } from '../../../resilience/renewing-value.ts';

export type EcrIdentity = Extract<CloudHost, { cloud: 'aws' }> & {
  /** Assumed before the token is requested, for another account's registry. */
  readonly roleArn?: string | undefined;
};

/** The response of both services. */
interface AuthorizationData {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

const ROLE_SESSION = 'greenpin';
const MAX_ATTEMPTS = 2;

export interface AwsDeps {
  /** Environment variables for the proxy, which the SDK does not read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for the whole exchange, so that requests abandoned at the deadline end as well. */
  readonly timeoutMs: number;
}

export function createAwsCloud(identity: EcrIdentity, deps: AwsDeps): Cloud {
  return {
    name: 'AWS',
    exchange: async (context) =>
      parseAuthorization(await fetchAuthorization(identity, deps, context), context.source),
    hint: hintFor(identity),
  };
}

function hintFor({ service, roleArn }: EcrIdentity): string {
  const actions =
    service === 'ecr'
      ? 'ecr:GetAuthorizationToken'
      : 'ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken';
  const role = roleArn === undefined ? '' : `, the identity must be allowed to assume ${roleArn}`;
  const check = "check the role of this process's service account (IRSA or Pod Identity)";
  return `${check}${role}; the role needs ${actions}`;
}

/** Loads the libraries on first use, since they have hundreds of files. */
async function fetchAuthorization(
  identity: EcrIdentity,
  deps: AwsDeps,
  { signal }: ExchangeContext,
): Promise<AuthorizationData | undefined> {
  const options = await clientOptions(identity, deps);
  if (identity.service === 'ecr-public') {
    const { ECRPUBLICClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr-public');
    const client = new ECRPUBLICClient(options);
    const answer = await client
      .send(new GetAuthorizationTokenCommand({}), { abortSignal: signal })
      .finally(() => client.destroy());
    return answer.authorizationData;
  }
  const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const client = new ECRClient(options);
  const answer = await client
    .send(new GetAuthorizationTokenCommand({}), { abortSignal: signal })
    .finally(() => client.destroy());
  return answer.authorizationData?.[0];
}

/** The SDK's calls to STS inherit region and request handler. The environment decides the rest. */
async function clientOptions({ region, fips, dualStack, roleArn }: EcrIdentity, { env, timeoutMs }: AwsDeps) {
  const { Agent } = await import('node:https');
  // Node supports the proxy variables since 22.21 and 24.5; older versions ignore them.
  const httpsAgent = new Agent({ proxyEnv: { ...env } });
  const requestHandler = { requestTimeout: timeoutMs, throwOnRequestTimeout: true, httpsAgent };
  return {
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler,
    ...(fips && { useFipsEndpoint: true }),
    ...(dualStack && { useDualstackEndpoint: true }),
    ...(roleArn !== undefined && { credentials: await assumeRole(roleArn) }),
  };
}

async function assumeRole(roleArn: string) {
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  return fromTemporaryCredentials({
    params: { RoleArn: roleArn, RoleSessionName: ROLE_SESSION },
    clientConfig: { maxAttempts: MAX_ATTEMPTS },
  });
}

/** The token is user and password in base64, as docker login sends them to ECR Public's token service. */
function parseAuthorization(data: AuthorizationData | undefined, source: string): Expiring<Credential> {
  const { authorizationToken = '', expiresAt } = data ?? {};
  const [, username = '', password = ''] =
    /^([^:]+):(.+)$/s.exec(Buffer.from(authorizationToken, 'base64').toString('utf8')) ?? [];
  if (password === '') throw new NoToken('malformed', 'answers without a token');
  if (expiresAt === undefined) throw new NoToken('malformed', WITHOUT_EXPIRY);
  return { value: { kind: 'basic', username, password, source }, expiresAt: expiresAt.getTime() };
}
