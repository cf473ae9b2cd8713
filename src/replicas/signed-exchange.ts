/**
 * What replicas tell each other, signed: who can write to the place where they do cannot put words into upstream's mouth. It wraps an
 * exchange from outside.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Exchange, Publication } from './exchange.ts';

const MAC_LENGTH = 44;

/**
 * @param readSecrets what all replicas have, the one to sign with first; several while one is replaced. None, or an error: nothing is
 *   told, and nothing believed; turns are taken all the same
 */
export function createSignedExchange(exchange: Exchange, readSecrets: () => readonly string[]): Exchange {
  function secrets(): readonly string[] {
    try {
      // An empty line is no secret: everybody knows it.
      return readSecrets().filter((secret) => secret.trim() !== '');
    } catch {
      return [];
    }
  }

  function sign(topic: string, { text, ageMs }: Publication): Publication | undefined {
    const [secret] = secrets();
    return secret === undefined ? undefined : { text: macOf(secret, topic, text) + text, ageMs };
  }

  function verify(topic: string, publication: Publication | undefined): Publication | undefined {
    if (publication === undefined) return undefined;
    const said = Buffer.from(publication.text.slice(0, MAC_LENGTH));
    const text = publication.text.slice(MAC_LENGTH);
    const genuine = secrets().some((secret) => {
      const mac = Buffer.from(macOf(secret, topic, text));
      return mac.length === said.length && timingSafeEqual(mac, said);
    });
    return genuine ? { text, ageMs: publication.ageMs } : undefined;
  }

  return {
    async look(topic, goodForMs, turnForMs) {
      const { publication, turn } = await exchange.look(topic, goodForMs, turnForMs);
      return {
        publication: verify(topic, publication),
        turn: turn && {
          end: () => turn.end(),
          publish(said, keepForMs) {
            const signed = sign(topic, said);
            if (signed === undefined) turn.end();
            else turn.publish(signed, keepForMs);
          },
        },
      };
    },
    publish(topic, publication, keepForMs) {
      const signed = sign(topic, publication);
      if (signed !== undefined) exchange.publish(topic, signed, keepForMs);
    },
    isSlow: () => exchange.isSlow(),
  };
}

/** Of this purpose alone: the secret has another one, too. */
function macOf(secret: string, topic: string, text: string): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['greenpin exchange 1', topic, text]))
    .digest('base64');
}
