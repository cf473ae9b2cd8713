/**
 * Signs the records of a replica channel, so that write access to Redis is not enough to forge upstream's
 * responses.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReplicaChannel, SharedRecord } from './replica-channel.ts';

const MAC_LENGTH = 44;

/**
 * @param readSecrets secrets shared by all replicas, the signing one first; several during a rotation. With
 *   none, or on an error, no record is published or accepted, but leases still work.
 */
export function createSignedChannel(
  channel: ReplicaChannel,
  readSecrets: () => readonly string[],
): ReplicaChannel {
  function secrets(): readonly string[] {
    try {
      // An empty secret is no secret.
      return readSecrets().filter((secret) => secret.trim() !== '');
    } catch {
      return [];
    }
  }

  function sign(topic: string, { text, ageMs }: SharedRecord): SharedRecord | undefined {
    const [secret] = secrets();
    return secret === undefined ? undefined : { text: macOf(secret, topic, text) + text, ageMs };
  }

  function verify(topic: string, { text: signed, ageMs }: SharedRecord): SharedRecord | undefined {
    const claimed = Buffer.from(signed.slice(0, MAC_LENGTH));
    const text = signed.slice(MAC_LENGTH);
    const isGenuine = secrets().some((secret) => {
      const mac = Buffer.from(macOf(secret, topic, text));
      return mac.length === claimed.length && timingSafeEqual(mac, claimed);
    });
    return isGenuine ? { text, ageMs } : undefined;
  }

  return {
    async readOrAcquire(topic, maxAgeMs, leaseMs) {
      const { record, lease } = await channel.readOrAcquire(topic, maxAgeMs, leaseMs);
      return {
        record: record && verify(topic, record),
        lease: lease && {
          release: () => lease.release(),
          publish(own, ttlMs) {
            const signed = sign(topic, own);
            if (signed === undefined) lease.release();
            else lease.publish(signed, ttlMs);
          },
        },
      };
    },
    publish(topic, record, ttlMs) {
      const signed = sign(topic, record);
      if (signed !== undefined) channel.publish(topic, signed, ttlMs);
    },
    isSlow: () => channel.isSlow(),
  };
}

/** Includes the purpose in the signed text, since the secret has other uses. */
function macOf(secret: string, topic: string, text: string): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['greenpin exchange 1', topic, text]))
    .digest('base64');
}
