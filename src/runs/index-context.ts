/** The context that all parts of one repository's run index share. */
import type { CiProvider } from '../ci/provider.ts';
import type { Clock } from '../clock.ts';
import type { KnownRuns } from './known-runs.ts';
import type { ListingReader } from './listing-reader.ts';

export interface IndexContext {
  readonly provider: CiProvider;
  readonly ciRepository: string;
  readonly reader: ListingReader;
  readonly known: KnownRuns;
  /** Milliseconds for which a listing is fresh now. */
  readonly freshFor: () => number;
  /** True if the remaining quota is reserved for listings. */
  readonly isQuotaLow: () => boolean;
  readonly now: Clock;
  /** Called with the branches that have changed in the listing. */
  readonly onChanged: (branches: ReadonlySet<string>) => void;
}
