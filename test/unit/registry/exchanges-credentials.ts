/** Who is shown which credential, and when. */
import { createPasswordCredential, type Credential } from '../../../src/registry/credentials/credential.ts';
import type { Exchange, Step } from '../../fixtures/registry/exchange.ts';
import { challenged, createImage, refused, served, token } from '../../fixtures/registry/responses.ts';

const image = 'reg.test/acme/shop:1';
const HEAD = 'HEAD reg.test/v2/acme/shop/manifests/1';
const GET = 'GET reg.test/v2/acme/shop/manifests/1';
const SCOPE = 'repository%3Aacme%2Fshop%3Apull';
const TOKEN = `GET auth.test/token?service=s&scope=${SCOPE}`;
const BEARER = 'Bearer realm="https://auth.test/token",service="s"';
const source = 'registries.reg.test in the configuration';
const shop = createImage(null);
const found = { found: shop.digest };

function use(credential: Credential): Pick<Exchange, 'image' | 'credentials'> {
  return { image, credentials: [{ key: 'reg.test', credential }] };
}

function basic(login: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` } };
}

const bot = createPasswordCredential('bot', 'p:w', source);
const asBot = basic('bot:p:w');
const identity: Credential = { kind: 'identityToken', token: 'refresh+me', source };
const refreshed = {
  body: `grant_type=refresh_token&client_id=greenpin&service=s&scope=${SCOPE}&refresh_token=refresh%2Bme`,
};
const withToken = { headers: { authorization: 'Bearer t' } };
const authorized: Step = [HEAD, served(shop), withToken];
const granted = token({ access_token: 't' });

export const credentialExchanges: readonly Exchange[] = [
  {
    name: 'a registry that asks for nothing is shown nothing',
    source: 'GHCR renovate#11446 (DENIED for a pre-emptive authorization)',
    ...use(bot),
    steps: [[HEAD, served(shop)]],
    wanted: found,
  },
  {
    name: 'Basic is shown to a registry that asks for it',
    source: 'zot, Nexus',
    ...use(bot),
    steps: [
      [HEAD, challenged('Basic realm="zot"')],
      [HEAD, served(shop), asBot],
    ],
    wanted: found,
  },
  {
    name: 'a user name and password are shown to the token service, the token to the registry',
    source: 'distribution spec/auth/token',
    ...use(bot),
    steps: [[HEAD, challenged(BEARER)], [TOKEN, granted, asBot], authorized],
    wanted: found,
  },
  {
    name: 'an identity token is posted, with the scopes in one field',
    source: 'distribution spec/auth/oauth',
    ...use(identity),
    steps: [[HEAD, challenged(BEARER)], ['POST auth.test/token', granted, refreshed], authorized],
    wanted: found,
  },
  {
    name: 'the user name <token> makes the password an identity token',
    source: 'docker login, docker/cli',
    ...use(createPasswordCredential('<token>', 'refresh+me', source)),
    steps: [[HEAD, challenged(BEARER)], ['POST auth.test/token', granted, refreshed], authorized],
    wanted: found,
  },
  ...[400, 401, 404, 405].map((status) => ({
    name: `after POST ${status} the token is got with GET`,
    source: 'GCR 404, JFrog 401, ACR 400',
    image,
    credentials: [{ key: 'reg.test', credential: { ...identity, username: '0000' } }],
    steps: [
      [HEAD, challenged(BEARER)],
      ['POST auth.test/token', { status }, refreshed],
      [TOKEN, granted, basic('0000:refresh+me')],
      authorized,
    ] satisfies Step[],
    wanted: found,
  })),
  {
    name: 'a token service that redirects a POST is not followed with the refresh token',
    source: 'RFC 9110 15.4.8',
    ...use(identity),
    steps: [
      [HEAD, challenged(BEARER)],
      ['POST auth.test/token', { status: 307, headers: { location: 'https://evil.test/' } }],
    ],
    wanted: { failed: 'malformed', says: 'auth.test redirects a POST request' },
  },
  {
    name: 'a registry token is sent as it is',
    source: 'docker config.json, registrytoken',
    ...use({ kind: 'registryToken', token: 't', source }),
    steps: [[HEAD, challenged(BEARER)], authorized],
    wanted: found,
  },
  {
    name: 'with credentials at hand, a 404 that was given without them is asked again with them',
    source: 'Artifactory (hides unauthorized resources)',
    ...use(bot),
    steps: [
      [HEAD, { status: 404 }],
      ['GET reg.test/v2/', challenged(BEARER)],
      [TOKEN, granted, asBot],
      authorized,
    ],
    wanted: found,
  },
  {
    name: 'with credentials at hand, a 403 that was given without them is asked again with them',
    source: 'registry.centos.org',
    ...use(bot),
    steps: [
      [HEAD, { status: 403 }],
      ['GET reg.test/v2/', challenged('Basic realm="x"')],
      [HEAD, served(shop), asBot],
    ],
    wanted: found,
  },
  ...[405, 501].map((status) => ({
    name: `HEAD ${status} does not make a registry one that asks for nothing: a 404 of GET is asked again with credentials`,
    source: 'Gitea (HEAD 405)',
    image,
    credentials: [{ key: 'reg.test', credential: bot }],
    steps: [
      [HEAD, { status }],
      [GET, refused(404, 'NAME_UNKNOWN')],
      ['GET reg.test/v2/', challenged('Basic realm="x"')],
      [GET, served(shop), asBot],
    ] satisfies Step[],
    wanted: found,
  })),
  {
    name: 'a challenge that comes with a 200 of /v2/ is one',
    source: 'zot#3869, zot#1917',
    ...use(bot),
    steps: [
      [HEAD, { status: 404 }],
      ['GET reg.test/v2/', challenged('Basic realm="zot"', 200)],
      [HEAD, served(shop), asBot],
    ],
    wanted: found,
  },
  {
    name: 'a registry that knows no authentication is believed that the image is absent',
    source: 'distribution without auth',
    ...use(bot),
    steps: [
      [HEAD, { status: 404 }],
      ['GET reg.test/v2/', { body: '{}' }],
      [GET, refused(404, 'MANIFEST_UNKNOWN')],
    ],
    wanted: { absent: 'manifest' },
  },
  {
    name: 'a refused password is a denial that says where it comes from',
    source: 'a failure is never absent',
    ...use(bot),
    steps: [
      [HEAD, challenged('Basic realm="zot"')],
      [HEAD, challenged('Basic realm="zot"'), asBot],
    ],
    wanted: {
      failed: 'denied',
      says: `reg.test denies access to reg.test/acme/shop with the credentials from ${source}: they are wrong or expired`,
    },
  },
  {
    name: 'a token service that refuses the password is a denial that says where it comes from',
    source: 'a failure is never absent',
    ...use(bot),
    steps: [
      [HEAD, challenged(BEARER)],
      [TOKEN, refused(401, 'UNAUTHORIZED'), asBot],
    ],
    wanted: {
      failed: 'denied',
      says: `auth.test denies access to reg.test/acme/shop with the credentials from ${source}`,
    },
  },
  {
    name: 'a token with which HEAD and GET are forbidden is a denial',
    source: 'JFrog cosign#2973 (403 for a missing tag)',
    ...use(bot),
    steps: [
      [HEAD, challenged(BEARER)],
      [TOKEN, granted, asBot],
      [HEAD, { status: 403 }, withToken],
      [GET, refused(403, 'DENIED'), withToken],
    ],
    wanted: { failed: 'denied', says: source },
  },
];
