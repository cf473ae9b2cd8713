/** The requests of one query about one image. */
import type { Credential } from '../credentials/credential.ts';
import type { Endpoints } from '../endpoints.ts';
import type { HttpRequest, HttpResponse } from '../transport.ts';
import { isInconclusive, isRejection, UNAUTHORIZED, type Authorizer, type Sent } from './authorizer.ts';
import type { Principal } from './negotiate.ts';

/** How a registry was asked. */
export interface AuthMethod {
  /** `anonymous`: without authorization. (`bearer` with an anonymous credential is a token that everybody gets.) */
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

  constructor(
    principal: Principal,
    deps: { readonly authorizer: Authorizer; readonly endpoints: Endpoints },
  ) {
    this.#principal = principal;
    this.#authorizer = deps.authorizer;
    this.#endpoints = deps.endpoints;
  }

  /**
   * Authenticates anew at most once in a session; a rejection after that is final.
   * @param path below the repository: `manifests/latest`
   * @throws UpstreamError
   */
  async send(method: 'GET' | 'HEAD', path: string, maxBytes: number, accept?: string): Promise<HttpResponse> {
    const principal = this.#principal;
    const { registry, path: repository } = principal.reference;
    const url = this.#endpoints.apiUrl(registry, `/v2/${repository}/${path}`);
    const headers = accept === undefined ? {} : { accept };
    const request: HttpRequest = { method, url, registry, headers, maxBytes };
    let sent: Sent | undefined;
    try {
      sent = await this.#authorizer.sendKnown(request, principal);
      if (sent === undefined || this.#isWorthSearching(sent, request)) {
        sent = await this.#authorizer.sendSearching(request, principal, sent);
        this.#isNewlyAuthorized = !isInconclusive(sent);
      }
      return sent.response;
    } finally {
      this.#used = sent?.authorization ?? this.#authorizer.peek(principal) ?? UNAUTHORIZED;
    }
  }

  /** How the last request was sent. */
  authMethod(): AuthMethod {
    const used = this.#used;
    const scheme = used.kind === 'none' ? 'anonymous' : used.kind === 'token' ? 'bearer' : used.scheme;
    return { scheme, credential: this.#principal.credential };
  }

  #isWorthSearching(sent: Sent, request: HttpRequest): boolean {
    return !this.#isNewlyAuthorized && isRejection(sent, request, this.#principal.credential);
  }
}
