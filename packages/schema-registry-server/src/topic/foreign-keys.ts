import { decodeUtf8, encodeUtf8 } from "@millrace/model";

import { decodeKey, encodeKey, type TopicKey } from "../records/topic-keys.ts";
import type { TopicRecord } from "../state/apply-record.ts";

/**
 * Keys that other registries have written with their members in another order, or with a null for the whole.
 * Compaction takes them for other keys: what has been removed under ours alone would be back one day.
 */
export class ForeignKeys {
  readonly #spellings = new Map<string, Set<string>>();

  /** Each record, in order. */
  note({ key: bytes, value }: TopicRecord): void {
    const key = bytes === null ? undefined : decodeKey(bytes);
    if (bytes === null || key === undefined) return;
    const [own, found] = [decodeUtf8(encodeKey(key)), decodeUtf8(bytes)];
    if (own === found) return;
    const known = this.#spellings.get(own) ?? new Set();
    if (value === null) known.delete(found);
    else known.add(found);
    if (known.size === 0) this.#spellings.delete(own);
    else this.#spellings.set(own, known);
  }

  /** What has to be removed besides the key as we write it. */
  spellingsOf(key: TopicKey): readonly Uint8Array[] {
    return [...(this.#spellings.get(decodeUtf8(encodeKey(key))) ?? [])].map(encodeUtf8);
  }
}
