/** Sends the requests of one query about one image. */
import type { Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import type { HttpResponse } from '../../upstream/http-client.ts';
import type { RegistryRequest } from '../transport.ts';
import { UNAUTHORIZED, type Authorizer } from './authorizer.ts';
import type { Principal } from './negotiate.ts';

/** How a request was authenticated. */
export interface AuthMethod {
  /** `anonymous`: without authorization. An anonymous credential gets a token too (`bearer`). */
  readonly scheme: 'anonymous' | 'basic' | 'bearer';
  /** The one configured for the image, whether or not it was needed. */
  readonly credential: Credential;
}

export class Session {
  readonly #principal: Principal;
  readonly #authorizer: Authorizer;
  readonly #endpoints: Endpoints;
  #used = UNAUTHORIZED;
  #isNewlyAuthorized = false;

  constructor(principal: Principal, authorizer: Authorizer, endpoints: Endpoints) {
    this.#principal = principal;
    this.#authorizer = authorizer;
    this.#endpoints = endpoints;
  }

  /**
   * Authenticates again at most once per session; a rejection after that is final.
   * @param path below the repository: `manifests/latest`
   * @throws UpstreamError
   */
  async send(method: 'GET' | 'HEAD', path: string, maxBytes: number, accept?: string): Promise<HttpResponse> {
    const principal = this.#principal;
    const { registry, path: repository } = principal.reference;
    const url = this.#endpoints.apiUrl(registry, `/v2/${repository}/${path}`);
    const headers = accept === undefined ? {} : { accept };
    const request: RegistryRequest = { method, url, registry, headers, maxBytes };
    try {
      const sent = await this.#authorizer.send({ ...principal, request }, !this.#isNewlyAuthorized);
      this.#used = sent.authorization;
      this.#isNewlyAuthorized ||= sent.isNew;
      return sent.response;
    } catch (error) {
      this.#used = this.#authorizer.peek(principal) ?? UNAUTHORIZED;
      throw error;
    }
  }

  /** How the last request was sent. */
  authMethod(): AuthMethod {
    const used = this.#used;
    const scheme = used.kind === 'none' ? 'anonymous' : used.kind === 'token' ? 'bearer' : used.scheme;
    return { scheme, credential: this.#principal.credential };
  }
}
