/** Ids of repositories, by which lists of builds are filtered. */
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import { RenewingValue } from '../../resilience/renewing-value.ts';
import type { CiClient } from '../client.ts';
import { parseShape } from '../elements.ts';
import { text } from '../fields.ts';
import { repositoryApi } from './names.ts';
import { sourceOf } from './source.ts';

/** Another repository may get the name, so an id does not last (milliseconds). */
const LIFETIME_MS = 600_000;

/** A contract test compares this with the API's description. */
export const azureRepositorySchema = z.object({ id: text });

export class RepositoryIds {
  readonly #client: CiClient;
  readonly #now: Clock;
  /** By repository; there are as many as the configuration names. */
  readonly #ids = new Map<string, RenewingValue<string>>();

  constructor(client: CiClient, now: Clock) {
    this.#client = client;
    this.#now = now;
  }

  /** @returns a UUID, lower case @throws UpstreamError */
  read(gitRepository: string): Promise<string> {
    return this.#valueOf(gitRepository).read(async () => ({
      value: await this.#fetch(gitRepository),
      expiresAt: this.#now() + LIFETIME_MS,
    }));
  }

  /** Called when a list by this id cannot be found any more. */
  forget(gitRepository: string): void {
    this.#valueOf(gitRepository).invalidate();
  }

  #valueOf(gitRepository: string): RenewingValue<string> {
    const value = this.#ids.get(gitRepository) ?? new RenewingValue<string>({ now: this.#now });
    this.#ids.set(gitRepository, value);
    return value;
  }

  async #fetch(gitRepository: string): Promise<string> {
    const { data } = await this.#client.get({
      path: repositoryApi(gitRepository, this.#client.host),
      what: `the repository ${gitRepository}`,
      permission: '"Code (Read)"',
    });
    return parseShape(azureRepositorySchema, data, sourceOf(this.#client)).id.toLowerCase();
  }
}
