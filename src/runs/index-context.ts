/** What the parts of one repository's run index share. */
import type { CiProvider } from '../ci/provider.ts';
import type { Clock } from '../clock.ts';
import type { KnownRuns } from './known-runs.ts';
import type { ListingReader } from './listing-reader.ts';

export interface IndexContext {
  readonly provider: CiProvider;
  readonly gitRepository: string;
  readonly reader: ListingReader;
  readonly known: KnownRuns;
  /** Milliseconds for which a listing is fresh now. */
  readonly freshFor: () => number;
  /** The last calls of the quota are reserved for listings. */
  readonly isQuotaLow: () => boolean;
  readonly now: Clock;
  /** Takes the branches of which the listing has shown something new. */
  readonly onChanged: (branches: ReadonlySet<string>) => void;
}
