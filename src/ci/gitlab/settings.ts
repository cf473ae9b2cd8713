/** Keys of a connection to GitLab: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const TOKEN = 'a token with the scope read_api and at least the role Reporter';

/** The path that GitLab's own documentation shows in every URL of the API. */
const API_PATH = /\/api(?:\/v4)?\/?$/;

/** There, no path leads to an instance. */
const CLOUD = /^(https:\/\/gitlab\.com)\//;

const url = apiUrl({
  example: 'https://gitlab.example.com',
  except: '[^?#]*/api(?:/v4)?/?$|https://gitlab\\.com/[^/]+',
  suggest: (found) => (API_PATH.test(found) ? found.replace(API_PATH, '') : CLOUD.exec(found)?.[1]),
});

export const gitlabConnectionSchema = mapping(
  {
    kind: z.literal('gitlab').meta({ description: 'GitLab CI/CD, at gitlab.com or self-managed.' }),
    url: url.default('https://gitlab.com').meta({
      description: 'URL of the instance, with its path if it has one, and without /api/v4.',
      examples: ['https://gitlab.example.com', 'https://example.com/gitlab'],
    }),
    tokenEnv: tokenEnv(TOKEN, 'GITLAB_TOKEN'),
    tokenFile: tokenFile(TOKEN, '/var/run/secrets/gitlab/token'),
    caFile: caFile('a self-managed GitLab'),
  },
  {
    title: 'GitLab connection',
    description:
      'At most one of tokenEnv and tokenFile: a personal, group or project access token. Without a token, only public projects with public pipelines can be read.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
