/** The port to where replicas tell each other what upstream said. */

/** What an upstream said, as one replica tells the others. */
export interface Publication {
  readonly text: string;
  /** Milliseconds since upstream was asked, by the exchange's own clock: those of two replicas may differ. */
  readonly ageMs: number;
}

/** Where replicas tell each other what upstream said. Never throws: without it, each goes on by itself. */
export interface Exchange {
  /**
   * What was published, and this replica's turn to ask upstream, in one question.
   * @param goodForMs the turn is taken only where nothing is published that is as young; -1: whatever is
   * @param turnForMs milliseconds that the turn lasts at most
   * @returns the turn unless another one has it, or it was not taken; also when nobody can tell
   */
  look(topic: string, goodForMs: number, turnForMs: number): Promise<Look>;
  /** Unless a newer one is there. Nobody waits for it. */
  publish(topic: string, publication: Publication, keepForMs: number): void;
  /** Asking here takes longer than asking a registry. */
  isSlow(): boolean;
}

export interface Look {
  readonly publication?: Publication | undefined;
  readonly turn?: Turn | undefined;
}

/** One of the two ends it. Nobody waits for that. */
export interface Turn {
  end(): void;
  publish(publication: Publication, keepForMs: number): void;
}
