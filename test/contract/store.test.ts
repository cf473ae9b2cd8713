import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/store/memory.ts';
import { StoreBreaker } from '../../src/store/store-breaker.ts';
import { ArchivedStore } from '../../src/store/archived-store.ts';
import { SqliteArchive } from '../../src/store/sqlite/archive.ts';
import { describeStore } from './store.ts';

const now = () => 1_700_000_000_000;

describeStore('memory', async () => ({
  survives: false,
  open: async () => ({ store: createMemoryStore(), close: async () => undefined }),
  stop: async () => undefined,
}));

describeStore('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greenpin-store-'));
  return {
    survives: true,
    async open() {
      const archive = new SqliteArchive({
        path: join(folder, 'greenpin.db'),
        forgetAfter: 86_400_000,
        now,
      });
      const outage = new StoreBreaker({
        now,
        warn(message) {
          throw new Error(message);
        },
        observer: { storeFailed: () => undefined, storeUp: () => undefined },
      });
      const store = new ArchivedStore({ archive, outage, readAgainAfter: 3_600_000, now });
      return { store, close: () => archive.close() };
    },
    stop: async () => rmSync(folder, { recursive: true }),
  };
});
