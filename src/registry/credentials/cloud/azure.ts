/**
 * Azure Container Registry: exchanges a Microsoft Entra ID token for the registry's own refresh token.
 * https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
import { UpstreamError } from '../../../errors.ts';
import type { Credential } from '../credential.ts';
import { malformed } from '../../../upstream/failures.ts';
import { parseJsonObject } from '../../json.ts';
import type { HttpResponse } from '../../../upstream/http-client.ts';
import { formPost } from '../../transport.ts';
import { NoToken, type Cloud, type ExchangeContext } from './token-exchange.ts';
import type { Expiring } from '../../../resilience/renewing-value.ts';

/** The registries' own audience. Azure management's works too, unless a registry switches it off. */
const SCOPE = 'https://containerregistry.azure.net/.default';
/** This user name says that the password is a refresh token. */
const NULL_USER = '00000000-0000-0000-0000-000000000000';

/** @param host as in image references: `acme.azurecr.io` */
export function createAzureCloud(host: string): Cloud {
  return {
    name: 'Azure',
    exchange: async (context) => exchangeToken(host, await fetchEntraToken(context), context),
    hint: "check this process's workload identity or managed identity (AZURE_CLIENT_ID, AZURE_TENANT_ID)",
  };
}

/**
 * The library itself reads the environment: workload identity (AZURE_FEDERATED_TOKEN_FILE), a service
 * principal, managed identity. It is loaded when it is first needed.
 */
async function fetchEntraToken({ signal }: ExchangeContext): Promise<string> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  const credential = new DefaultAzureCredential({
    // The environment names the authority. Discovery at login.microsoftonline.com fails in sovereign clouds.
    disableInstanceDiscovery: true,
    retryOptions: { maxRetries: 1, retryDelayInMs: 200 },
  });
  const { token } = await credential.getToken(SCOPE, { abortSignal: signal });
  if (token === '') throw new NoToken('malformed', 'answers without a token');
  return token;
}

async function exchangeToken(
  host: string,
  entraToken: string,
  { source, fetchHttp }: ExchangeContext,
): Promise<Expiring<Credential>> {
  const url = new URL(`https://${host}/oauth2/exchange`);
  const form = { grant_type: 'access_token', service: host, access_token: entraToken };
  const response = await fetchHttp(formPost(url, host, form));
  const token = parseRefreshToken(response, host);
  const expiresAt = parseExpiry(token);
  if (expiresAt === undefined) throw malformed(host, `${host} returned a refresh token without an expiry`);
  return { value: { kind: 'identityToken', token, username: NULL_USER, source }, expiresAt };
}

function parseRefreshToken({ status, body }: HttpResponse, host: string): string {
  if (status === 400 || status === 401 || status === 403) {
    const message =
      `${host} does not accept this process's Azure identity (${status}); ` +
      'the identity needs the role AcrPull there';
    throw new UpstreamError({ kind: 'denied', host, message });
  }
  const token = status === 200 ? parseJsonObject(body)?.['refresh_token'] : undefined;
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  throw malformed(host, `${host} does not exchange an Azure token for a refresh token (${status})`);
}

/** @returns a JSON Web Token's `exp` (RFC 7519, 4.1.4) in milliseconds; the signature is not checked */
function parseExpiry(token: string): number | undefined {
  const claims = parseJsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
  const seconds = claims?.['exp'];
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}
