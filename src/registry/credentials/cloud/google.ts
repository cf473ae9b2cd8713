/**
 * Google Artifact Registry and Container Registry: an access token with the user name `oauth2accesstoken`.
 * https://cloud.google.com/artifact-registry/docs/docker/authentication#token
 */
import { readFile } from 'node:fs/promises';
import type * as GoogleAuthLibrary from 'google-auth-library';
import { parseJsonObject, type JsonObject } from '../../json.ts';
import { WITHOUT_EXPIRY, NoToken, type Cloud } from './token-exchange.ts';
import { isMapping } from '../../../text/document-path.ts';

export interface GoogleIdentity {
  readonly cloud: 'google';
  /**
   * A service account's key, or a workload identity federation's configuration. Left out: google-auth-library
   * looks in GOOGLE_APPLICATION_CREDENTIALS, gcloud's own file and at the metadata server (GKE's workload
   * identity).
   */
  readonly credentialsFile?: string | undefined;
}

type Library = typeof GoogleAuthLibrary;

/** The part of the library's clients that is used. */
interface TokenClient {
  readonly credentials: { readonly expiry_date?: number | null };
  getAccessToken(): Promise<{ readonly token?: string | null }>;
}

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];

export function createGoogleCloud({ credentialsFile }: GoogleIdentity): Cloud {
  return {
    name: 'Google',
    // A new client each time, since a client keeps its token until five minutes before it expires.
    exchange: async ({ source }) => {
      const client = await createClient(credentialsFile);
      const { token } = await client.getAccessToken();
      const expiresAt = client.credentials.expiry_date;
      if (typeof token !== 'string' || token === '')
        throw new NoToken('malformed', 'answers without a token');
      if (typeof expiresAt !== 'number' || Number.isNaN(expiresAt)) {
        throw new NoToken('malformed', WITHOUT_EXPIRY);
      }
      return { value: { kind: 'basic', username: 'oauth2accesstoken', password: token, source }, expiresAt };
    },
    hint:
      credentialsFile === undefined
        ? "check this process's workload identity, or GOOGLE_APPLICATION_CREDENTIALS; " +
          'its account needs roles/artifactregistry.reader'
        : `check ${credentialsFile}; its account needs roles/artifactregistry.reader`,
  };
}

async function createClient(credentialsFile: string | undefined): Promise<TokenClient> {
  const library = await import('google-auth-library');
  if (credentialsFile !== undefined) {
    return createFileClient(library, parseKeyFile(await readFile(credentialsFile, 'utf8')));
  }
  // The library's metadata server detection reports a false negative if the server is slow, caches it for the
  // life of the process, and prints the response. Without detection, the metadata server is tried last.
  library.gcpMetadata.setGCPResidency(true);
  // Otherwise the library would look for a project id, perhaps by running gcloud.
  return new library.GoogleAuth({ scopes: SCOPES, projectId: 'unused' }).getClient();
}

function parseKeyFile(text: string): JsonObject {
  const key = parseJsonObject(text);
  if (key === undefined) throw new NoToken('denied', 'cannot use credentialsFile: it is not a JSON object');
  return key;
}

/** Accepts only these two kinds: others run commands, or belong to a person. */
function createFileClient(library: Library, key: JsonObject): TokenClient {
  const { type, client_email: email, private_key: privateKey, private_key_id: keyId } = key;
  if (type === 'service_account' && typeof email === 'string' && typeof privateKey === 'string') {
    return new library.JWT({
      email,
      key: privateKey,
      scopes: SCOPES,
      ...(typeof keyId === 'string' && { keyId }),
    });
  }
  const source = key['credential_source'];
  if (type === 'external_account' && isMapping(source) && !('executable' in source)) {
    const options = { ...key, scopes: SCOPES };
    return 'environment_id' in source
      ? new library.AwsClient(options as unknown as GoogleAuthLibrary.AwsClientOptions)
      : new library.IdentityPoolClient(options as unknown as GoogleAuthLibrary.IdentityPoolClientOptions);
  }
  throw new NoToken(
    'denied',
    "cannot use credentialsFile: it is neither a service account's key " +
      "nor a workload identity federation's configuration",
  );
}
