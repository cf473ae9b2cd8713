/** Keys of a connection to Azure DevOps: `connections.<name>`. */
import { z } from 'zod';
import { atMostOne, mapping } from '../../schema/fields.ts';
import { caFile } from '../../schema/files.ts';
import { apiUrl, tokenEnv, tokenFile } from '../connection-fields.ts';

export const DEFAULT_URL = 'https://dev.azure.com';

/** The organization is part of the project's `repository`, so that one connection serves several. */
const url = apiUrl({
  example: DEFAULT_URL,
  except: 'https://dev\\.azure\\.com/[^/]+|https://[^/]+\\.visualstudio\\.com',
  suggest: (found) =>
    /^(?:https?:\/\/)?(?:dev\.azure\.com|[^/]+\.visualstudio\.com)(?:\/|$)/.test(found)
      ? DEFAULT_URL
      : undefined,
});

const MAY = 'a token that may read builds and code, Build (Read) and Code (Read)';

export const azureDevOpsConnectionSchema = mapping(
  {
    kind: z
      .literal('azure-devops')
      .meta({ description: 'Azure Pipelines and Azure Repos, at dev.azure.com or an Azure DevOps Server.' }),
    url: url.default(DEFAULT_URL).meta({
      description:
        'URL without the organization. Azure DevOps Server 2020 or newer: the URL without the collection, https://HOST or https://HOST/tfs.',
      examples: ['https://devops.example.com/tfs'],
    }),
    tokenEnv: tokenEnv(MAY, 'AZURE_DEVOPS_TOKEN'),
    tokenFile: tokenFile(MAY, '/var/run/secrets/azure-devops/token'),
    caFile: caFile('Azure DevOps Server'),
  },
  {
    title: 'Azure DevOps connection',
    description:
      'At most one of tokenEnv and tokenFile: a personal access token, or an access token of Microsoft Entra. Without credentials, only public projects can be read.',
  },
  [atMostOne('tokenEnv', 'tokenFile')],
);
