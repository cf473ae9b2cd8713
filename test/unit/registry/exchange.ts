/** One row of a table of exchanges: what is asked, what goes over the wire and how it is answered, and what comes of it. */
import { expect } from 'vitest';
import type { UpstreamFailureKind } from '../../../src/errors.ts';
import type { CredentialEntry } from '../../../src/registry/credentials.ts';
import type { RegistrySettings } from '../../../src/registry/endpoints.ts';
import { parsePlatform, parseReference } from '../../../src/registry/reference.ts';
import { createScriptedServer, type Answer, type ExpectedRequest } from '../../fixtures/scripted-server.ts';
import { createBed } from './bed.ts';

/** `METHOD HOST/PATH`, the answer, and what the request must bear. Without `authorization` it must bear none. */
export type Step = readonly [
  request: string,
  answer: Answer,
  bears?: Pick<ExpectedRequest, 'headers' | 'body'>,
];

export type Wanted =
  | { readonly found: string }
  /** `says` is a part of the reason. */
  | { readonly absent: 'manifest' | 'repository'; readonly says?: string }
  /** `says` is a part of the message. */
  | { readonly failed: UpstreamFailureKind; readonly says?: string; readonly retryAfterMs?: number };

export interface Exchange {
  readonly name: string;
  /** Where this has been seen. */
  readonly source: string;
  readonly image: string;
  readonly platform?: string;
  readonly credentials?: readonly CredentialEntry[];
  readonly registries?: Readonly<Record<string, RegistrySettings>>;
  readonly timeoutMs?: number;
  readonly steps: readonly Step[];
  readonly wanted: Wanted;
}

/** Plays the exchange in order over HTTP; fails on any request that is not in it, and on any that does not come. */
export async function playExchange(exchange: Exchange): Promise<void> {
  const { image, platform, steps, wanted, name: _, source: __, ...options } = exchange;
  await using server = await createScriptedServer({ inOrder: true });
  for (const [request, answer, bears] of steps) server.expect(parseRequest(request, bears), answer);
  const { client } = createBed(server, options);
  const result = await client.resolveDigest(
    parseReference(image),
    platform === undefined ? undefined : parsePlatform(platform),
  );
  server.verify();
  if ('found' in wanted) {
    expect(result).toMatchObject({ kind: 'found', digest: wanted.found });
  } else if ('absent' in wanted) {
    expect(result).toMatchObject({ kind: 'absent', missing: wanted.absent });
    expect(result.kind === 'absent' && result.reason).toContain(wanted.says ?? '');
  } else {
    const retryAfter = wanted.retryAfterMs === undefined ? {} : { retryAfterMs: wanted.retryAfterMs };
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: wanted.failed, ...retryAfter } });
    expect(result.kind === 'failed' && result.failure.message).toContain(wanted.says ?? '');
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
