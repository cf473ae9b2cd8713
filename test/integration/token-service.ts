/**
 * A token service as distribution's documentation describes it (https://distribution.github.io/distribution/spec/auth/token/ and
 * .../jwt/): for one user, who may pull and push anything; everybody else may pull what is below `public/`.
 */
import { sign, X509Certificate } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../fixtures/certificates.ts';
import type { RegistryOptions } from './registry-container.ts';

export interface TokenService extends AsyncDisposable {
  /** For a registry that trusts the tokens of this service. */
  readonly registry: RegistryOptions;
  /** Each exchange: `GET repository:acme/shop:pull as greenpin`, `POST ... with a refresh token`. */
  readonly asked: readonly string[];
  /** @returns the Authorization header with which anything may be pushed */
  authorize(repository: string): string;
}

export interface TokenUser {
  readonly username: string;
  readonly password: string;
  /** In place of the password, as `identitytoken` in a Docker configuration file. */
  readonly refreshToken: string;
}

interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const SERVICE = 'greenpin-test';
const ISSUER = 'greenpin-test-issuer';
const LIFE_S = 300;

export async function createTokenService(user: TokenUser): Promise<TokenService> {
  const authority = createAuthority('token service');
  const signer = authority.issue('signer');
  const chain = [new X509Certificate(signer.cert).raw.toString('base64')];
  const asked: string[] = [];

  function createToken(access: readonly Access[]): string {
    const issuedAt = Math.floor(Date.now() / 1000);
    const times = { iat: issuedAt, nbf: issuedAt - 10, exp: issuedAt + LIFE_S };
    const claims = { iss: ISSUER, aud: SERVICE, sub: '', jti: crypto.randomUUID(), ...times, access };
    const parts = [{ typ: 'JWT', alg: 'ES256', x5c: chain }, claims].map(encode).join('.');
    const signature = sign('sha256', Buffer.from(parts), { key: signer.key, dsaEncoding: 'ieee-p1363' });
    return `${parts}.${signature.toString('base64url')}`;
  }

  /** @returns undefined for credentials that are wrong */
  function exchange(message: IncomingMessage, form: URLSearchParams): object | undefined {
    const scope = form.getAll('scope').join(' ');
    const login = decodeBasic(message.headers.authorization);
    const refresh = form.get('refresh_token');
    const how = refresh === null ? `as ${login?.split(':')[0] ?? 'nobody'}` : 'with a refresh token';
    asked.push(`${message.method} ${scope} ${how}`);
    const known = login === `${user.username}:${user.password}` || refresh === user.refreshToken;
    if (form.get('service') !== SERVICE || ((login !== undefined || refresh !== null) && !known))
      return undefined;
    const access = scope.split(' ').map(parseScope);
    const granted = access.filter(({ name }) => known || name.startsWith('public/'));
    return { token: createToken(granted), expires_in: LIFE_S };
  }

  const server = createServer((message, response) => {
    message.setEncoding('utf8');
    let body = '';
    message.on('data', (text: string) => (body += text));
    message.on('end', () => {
      const answer = exchange(message, parseForm(message, body));
      response.writeHead(answer === undefined ? 401 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { errors: [{ code: 'UNAUTHORIZED' }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    authorize: (name) => `Bearer ${createToken([{ type: 'repository', name, actions: ['pull', 'push'] }])}`,
    registry: {
      env: {
        REGISTRY_AUTH: 'token',
        REGISTRY_AUTH_TOKEN_REALM: `http://127.0.0.1:${port}/token`,
        REGISTRY_AUTH_TOKEN_SERVICE: SERVICE,
        REGISTRY_AUTH_TOKEN_ISSUER: ISSUER,
        REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: '/auth/token.pem',
      },
      files: [{ content: authority.cert, target: '/auth/token.pem' }],
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decodeBasic(authorization = ''): string | undefined {
  const [, encoded] = /^Basic (.+)$/.exec(authorization) ?? [];
  return encoded && Buffer.from(encoded, 'base64').toString();
}

function parseScope(scope: string): Access {
  const [type = '', name = '', actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
}

/** A GET's query, or a POST's form. */
function parseForm({ method, url = '' }: IncomingMessage, body: string): URLSearchParams {
  return method === 'POST' ? new URLSearchParams(body) : new URL(url, 'http://127.0.0.1').searchParams;
}
