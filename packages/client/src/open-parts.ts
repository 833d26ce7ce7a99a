/** What must be closed before the connections are. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * In the order of closing: consumers commit and leave their groups, producers send what they have, and last what
 * serves others goes.
 */
const stages = ["consumer", "writer", "reader"] as const;

export type Stage = (typeof stages)[number];

/** What a client has opened and not closed yet. */
export class OpenParts {
  readonly #open = new Map<Closable, Stage>();

  /** @param make is handed what to call once the part is closed */
  keep<Part extends Closable>(stage: Stage, make: (onClosed: () => void) => Part): Part {
    const part: Part = make(() => this.#open.delete(part));
    this.#open.set(part, stage);
    return part;
  }

  /** Never rejects: what does not close well is over as well. */
  async close(): Promise<void> {
    for (const stage of stages) {
      const parts = [...this.#open].filter((entry) => entry[1] === stage);
      await Promise.allSettled(parts.map(([part]) => part.close()));
    }
  }
}
