/** Keys of a connection to GitHub: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, identifier, mapping, text } from '../../schema/fields.ts';
import { caFile, secretFile, secretVariable } from '../../schema/files.ts';

const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\])';
const LOOPBACK = '(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1\\])';

const apiUrl = text(
  new RegExp(
    `^(?!https://(?:www\\.)?github\\.com(?:/|$))(?:https://${HOST}|http://${LOOPBACK})(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%/-]*)?$`,
  ),
  'an https URL without credentials and query, for example https://api.github.com (http only on loopback, since the token would travel in clear)',
  (found) =>
    /^(?:https?:\/\/)?(?:www\.)?github\.com(?:\/|$)/.test(found) ? 'https://api.github.com' : undefined,
);

const githubApp = mapping(
  {
    id: identifier(/^(?:[1-9][0-9]*|Iv[0-9A-Za-z.]+)$/, "the App's id or client id, for example 12345").meta({
      description: "The App's id or client id.",
      examples: [12345],
    }),
    installationId: identifier(/^[1-9][0-9]*$/, 'a number, for example 6789').meta({
      description: "The id of the App's installation in your organization: the number at the end of its URL.",
      examples: [6789],
    }),
    privateKeyFile: secretFile(
      "File with the App's private key (PEM).",
      '/var/run/secrets/github/private-key.pem',
    ),
  },
  {
    title: 'GitHub App',
    description: 'Signs in as an installation of a GitHub App, which has the largest quota.',
  },
);

export const githubConnectionSchema = mapping(
  {
    kind: z.literal('github').meta({ description: 'GitHub Actions, at github.com or GitHub Enterprise.' }),
    url: apiUrl.default('https://api.github.com').meta({
      description: 'URL of the REST API. GitHub Enterprise Server: https://HOST/api/v3.',
      examples: ['https://github.example.com/api/v3'],
    }),
    tokenEnv: secretVariable(
      'Environment variable with a token that may read Actions.',
      'GITHUB_TOKEN',
    ).optional(),
    tokenFile: secretFile(
      'File with a token that may read Actions. Greenpin reads it again when it changes.',
      '/var/run/secrets/github/token',
    ).optional(),
    app: githubApp.optional(),
    caFile: caFile('GitHub Enterprise Server'),
  },
  {
    title: 'GitHub connection',
    description:
      'At most one of tokenEnv, tokenFile and app. Without credentials, only public repositories can be read, at 60 calls an hour.',
  },
  [atMostOne('tokenEnv', 'tokenFile', 'app')],
);
