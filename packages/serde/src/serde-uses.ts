import type { Serde, SerdeUse } from "./serde.ts";

/** A serde to prepare, and for what. */
export interface SerdePreparation {
  readonly serde: Serde<unknown>;
  readonly use: SerdeUse;
}

/** What serdes are going to be used for: each topic and part of a serde once, to read, to write or both. */
export class SerdeUses {
  readonly #uses = new Map<Serde<unknown>, Map<string, SerdeUse>>();

  add<T>(serde: Serde<T>, use: SerdeUse): this {
    if (serde.prepare === undefined) return this;
    const uses = this.#uses.get(serde as Serde<unknown>) ?? new Map<string, SerdeUse>();
    this.#uses.set(serde as Serde<unknown>, uses);
    const { topic, part } = use;
    const name = `${part} ${topic}`;
    const before = uses.get(name);
    const reads = use.reads || before?.reads === true;
    const writes = use.writes || before?.writes === true;
    uses.set(name, { topic, part, reads, writes });
    return this;
  }

  /** Of those that ask for it. */
  get preparations(): readonly SerdePreparation[] {
    return [...this.#uses].flatMap(([serde, uses]) =>
      [...uses.values()].map((use) => ({ serde, use })),
    );
  }
}
