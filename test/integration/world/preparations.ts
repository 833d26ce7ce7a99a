import { string, type Serde, type SerdeUse } from "@millrace/serde";

/** Told for which topics it is used, and what it is used for without having been told. */
export class Preparations {
  count = 0;
  readonly missed = new Set<string>();

  serde(): Serde<string> {
    const told: SerdeUse[] = [];
    const note = (what: "reads" | "writes", topic: string, part: string): void => {
      // The driver's explanation of its run reads what went out, too.
      if (what === "reads" && topic.endsWith("out")) return;
      if (!told.some((use) => use.topic === topic && use.part === part && use[what]))
        this.missed.add(`${what} ${part}s of ${topic}`);
    };
    const inner = string();
    return {
      name: "prepared",
      isNullable: false,
      usesPlace: true,
      serialize: (value, topic, place) => {
        note("writes", topic, place?.part ?? "value");
        return inner.serialize(value, topic);
      },
      deserialize: (bytes, topic, place) => {
        note("reads", topic, place?.part ?? "value");
        return inner.deserialize(bytes, topic);
      },
      prepare: async (use) => {
        told.push(use);
        this.count += 1;
      },
    };
  }
}
