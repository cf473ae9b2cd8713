/** Azure DevOps' part of a CI connection: version, sign-in, quota and failures. */
import { readSecret } from '../failure.ts';
import type { SecretReader } from '../../secrets/secret.ts';
import { createJsonApi, type SendApi } from '../../upstream/json-api.ts';
import { createBasicAuthorizer, createTokenAuthorizer, type Authorizer } from '../authorizer.ts';
import { CiClient } from '../client.ts';
import type { CiDeps } from '../kind.ts';
import { API_VERSION, describeAzureDevOpsFailure, isSignInPage, isSignInUrl } from './failure.ts';
import { readAzureDevOpsQuota } from './quota.ts';

export interface AzureDevOpsConnection {
  /** In the configuration. */
  readonly name: string;
  /** `https://dev.azure.com`, or a server without its collection. */
  readonly url: string;
  /** Undefined: the connection is anonymous. */
  readonly read: SecretReader | undefined;
}

const HEADERS = {
  accept: 'application/json',
  // The API then answers 401 in place of some redirects to its sign-in page.
  'x-tfs-fedauthredirect': 'Suppress',
};

export function createAzureDevOpsClient({ name, url, read }: AzureDevOpsConnection, deps: CiDeps): CiClient {
  const { host } = new URL(url);
  return new CiClient({
    ...deps,
    name,
    host,
    send: createSend(createJsonApi(url, HEADERS, deps, isSignInUrl)),
    authorizer: createAzureDevOpsAuthorizer(read, { host, connection: name }),
    describeFailure: describeAzureDevOpsFailure,
    readQuota: readAzureDevOpsQuota,
  });
}

/** Adds the version to each request. A sign-in page with the status 200 must not count as an answer. */
function createSend(send: SendApi): SendApi {
  return async (request) => {
    const query = { ...request.query, 'api-version': API_VERSION };
    const response = await send({ ...request, query });
    return response.status === 200 && isSignInPage(response) ? { ...response, status: 203 } : response;
  };
}

/** A personal access token is sent by HTTP Basic without a user, an access token of Entra as Bearer. */
function createAzureDevOpsAuthorizer(
  read: SecretReader | undefined,
  call: { readonly host: string; readonly connection: string },
): Authorizer {
  const basic = createBasicAuthorizer(read, '', call);
  if (read === undefined) return basic;
  const bearer = createTokenAuthorizer(read, 'Bearer', call);
  return {
    ...basic,
    authorize: () => (isJsonWebToken(readSecret(read, call.host)) ? bearer : basic).authorize(),
  };
}

/** Three parts in base64url, the first of which is a JSON object (RFC 7519, 3.1). */
function isJsonWebToken(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}
