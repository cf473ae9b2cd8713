/** One row of a table of exchanges: what is asked, what goes over the wire and how it is answered, and what comes of it. */
import type { UpstreamFailureKind } from '../../../src/errors.ts';
import type { CredentialEntry } from '../../../src/registry/credentials/credential.ts';
import type { RegistrySettings } from '../../../src/registry/endpoints.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { createScriptedServer, type Answer, type ExpectedRequest } from '../../fixtures/scripted-server.ts';
import { createBed } from './bed.ts';
import { parsePlatform } from '../../../src/image/platform.ts';

/** `METHOD HOST/PATH`, the answer, and what the request must bear. Without `authorization` it must bear none. */
export type Step = readonly [
  request: string,
  answer: Answer,
  bears?: Pick<ExpectedRequest, 'headers' | 'body'>,
];

export type Wanted =
  | { readonly found: string; readonly says?: undefined }
  /** `says` is a part of the reason. */
  | { readonly absent: 'manifest' | 'repository'; readonly says?: string }
  /** `says` is a part of the message. */
  | { readonly failed: UpstreamFailureKind; readonly says?: string; readonly retryAfterMs?: number };

export interface Exchange {
  readonly name: string;
  /** Where this has been seen, or the rule behind it. */
  readonly source: string;
  readonly image: string;
  readonly platform?: string;
  readonly credentials?: readonly CredentialEntry[];
  readonly registries?: Readonly<Record<string, RegistrySettings>>;
  readonly timeoutMs?: number;
  readonly steps: readonly Step[];
  readonly wanted: Wanted;
}

/**
 * Plays the exchange in order over HTTP.
 * @returns what came of it, in the words of `wanted`, with the whole reason or message
 * @throws Error on any request that is not in the exchange, and on any that did not come
 */
export async function playExchange(exchange: Exchange): Promise<Wanted> {
  const { image, platform, steps, wanted: _, name: __, source: ___, ...options } = exchange;
  await using server = await createScriptedServer({ inOrder: true });
  for (const [request, answer, bears] of steps) server.expect(parseRequest(request, bears), answer);
  const { client } = createBed(server, options);
  const asked = platform === undefined ? undefined : parsePlatform(platform);
  const result = await client.resolveDigest(parseReference(image), asked);
  server.verify();
  switch (result.kind) {
    case 'found':
      return { found: result.digest };
    case 'absent':
      return { absent: result.missing, says: result.reason };
    case 'failed': {
      const { kind, message, retryAfterMs } = result.failure;
      return { failed: kind, says: message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
  }
}

function parseRequest(
  request: string,
  bears: Pick<ExpectedRequest, 'headers' | 'body'> = {},
): ExpectedRequest {
  const [method = '', url = ''] = request.split(' ');
  const slash = url.indexOf('/');
  return {
    method,
    path: url.slice(slash),
    ...bears,
    headers: { host: url.slice(0, slash), authorization: null, ...bears.headers },
  };
}
