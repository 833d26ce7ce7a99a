import { schemaValue } from "../records/stored-schema.ts";
import type { TopicKey } from "../records/topic-keys.ts";
import type { RecordOutcome } from "../state/apply-record.ts";
import type { RegistryState } from "../state/registry-state.ts";
import type { TopicEntry } from "../topic/schemas-topic.ts";

/**
 * Keys whose last record every reader refuses. Compaction keeps just that one: until the leader has written over it, a
 * start after a compaction would take it.
 */
export class RefusedRecords {
  readonly #keys = new Map<string, TopicKey & { readonly kind: "SCHEMA" }>();

  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  note(key: TopicKey | undefined, outcome: RecordOutcome): void {
    if (key?.kind !== "SCHEMA") return;
    const name = `${key.version} ${key.subject}`;
    if (outcome.kind === "refused") this.#keys.set(name, key);
    else this.#keys.delete(name);
  }

  /** What the keys had before. */
  mended(state: RegistryState): readonly TopicEntry[] {
    return [...this.#keys.values()].map((key) => {
      const stored = state.version(key.subject, key.version);
      return { key, value: stored === undefined ? null : schemaValue(stored) };
    });
  }
}
