/** Keys of a connection to GitHub: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, identifier, mapping } from '../../schema/fields.ts';
import { caFile, secretFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const url = apiUrl({
  example: 'https://api.github.com',
  except: 'https://(?:www\\.)?github\\.com',
  suggest: (found) =>
    /^(?:https?:\/\/)?(?:www\.)?github\.com(?:\/|$)/.test(found) ? 'https://api.github.com' : undefined,
});

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
    url: url.default('https://api.github.com').meta({
      description: 'URL of the REST API. GitHub Enterprise Server: https://HOST/api/v3.',
      examples: ['https://github.example.com/api/v3'],
    }),
    tokenEnv: tokenEnv('a token that may read Actions', 'GITHUB_TOKEN'),
    tokenFile: tokenFile('a token that may read Actions', '/var/run/secrets/github/token'),
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
