/** Keys of a connection to Jenkins: `connections.<name>`. */
import { z } from 'zod';
import { combinations, mapping, text } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

const MAY = 'an API token of this user, who needs Overall/Read and Job/Read';

const url = apiUrl({
  example: 'https://jenkins.example.com',
  inCluster: true,
  except: '\\S+/job|\\S+/view|\\S+/blue|\\S+/api',
  suggest: (found) => /^(https?:\/\/\S+?)\/(?:job|view|blue|api)(?:\/.*)?$/.exec(found)?.[1],
});

export const jenkinsConnectionSchema = mapping(
  {
    kind: z.literal('jenkins').meta({ description: 'Jenkins, with multibranch pipelines.' }),
    url: url.meta({
      description: 'URL of the instance, with its context path if it has one: https://HOST/jenkins.',
      examples: ['https://jenkins.example.com'],
    }),
    username: text(/^[^\s:][^:]*$/, 'the id of a Jenkins user, without a colon, for example greenpin')
      .optional()
      .meta({ description: "The user's id. Requires tokenEnv or tokenFile.", examples: ['greenpin'] }),
    tokenEnv: tokenEnv(MAY, 'JENKINS_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/jenkins/token'),
    caFile: caFile('Jenkins'),
  },
  {
    title: 'Jenkins connection',
    description:
      'A username with an API token. Without credentials, Greenpin sees only what anonymous users may read. ' +
      'Jenkins is not a Git host. A project with pull requests names the connection to its Git host in git.',
  },
  [
    combinations(
      [[], ['username', 'tokenEnv'], ['username', 'tokenFile']],
      'username with tokenEnv or tokenFile, or none of them',
    ),
  ],
);
