import { describe, expect, it } from 'vitest';
import { playExchange, type Exchange } from '../../fixtures/registry/exchange.ts';
import { absenceExchanges } from './exchanges-absence.ts';
import { artifactExchanges } from './exchanges-artifacts.ts';
import { bearerExchanges } from './exchanges-bearer.ts';
import { credentialExchanges } from './exchanges-credentials.ts';
import { digestExchanges } from './exchanges-digest.ts';
import { encodingExchanges } from './exchanges-encodings.ts';
import { faultExchanges } from './exchanges-faults.ts';
import { platformExchanges } from './exchanges-platform.ts';
import { redirectExchanges } from './exchanges-redirects.ts';

const tables: Readonly<Record<string, readonly Exchange[]>> = {
  digests: digestExchanges,
  platforms: platformExchanges,
  artifacts: artifactExchanges,
  'bearer tokens': bearerExchanges,
  credentials: credentialExchanges,
  absence: absenceExchanges,
  redirects: redirectExchanges,
  encodings: encodingExchanges,
  faults: faultExchanges,
};

describe.each(Object.entries(tables))('exchanges about %s', (_, exchanges) => {
  it.each(exchanges)('$name ($source)', async (exchange) => {
    const { says: message = '', ...outcome } = await playExchange(exchange);
    const { says = '', ...wanted } = exchange.wanted;
    expect(outcome).toMatchObject(wanted);
    expect(message).toContain(says);
  });
});
