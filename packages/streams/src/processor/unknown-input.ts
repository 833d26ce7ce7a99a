import type { RecordContext, RecordInput } from "@millrace/state";

/** Of what has waited in a store that does not know where it came from: the record under way is another one. */
export const unknownInput: RecordInput = Object.freeze({
  key: null,
  value: null,
  kept: () => unknownInput,
});

/** Null: none, or nobody knows which one. */
export function sourceTopicOf({ topic, input }: RecordContext): string | null {
  return input === unknownInput ? null : topic;
}
