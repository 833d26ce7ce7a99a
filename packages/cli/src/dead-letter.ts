import {
  decodeUtf8,
  isTopicName,
  type Headers,
  type Offset,
  type TopicPartition,
} from "@millrace/model";

import type { StoredRecord } from "./read-ranges.ts";

const prefix = "__streams.errors.";

/** What a letter's headers tell (KIP-1034). */
export interface LetterNote {
  /** Undefined: none, a timer failed, or nobody knows, or the headers do not say. */
  readonly origin: (TopicPartition & { readonly offset: Offset }) | undefined;
  readonly exception: string;
  readonly message: string;
}

export function noteOf({ headers }: StoredRecord): LetterNote {
  const text = (name: string): string | undefined => {
    const bytes = headers.findLast(([found]) => found === `${prefix}${name}`)?.[1];
    return bytes === null || bytes === undefined ? undefined : decodeUtf8(bytes);
  };
  const [topic, partition, offset] = [
    text("topic"),
    countOf(text("partition")),
    countOf(text("offset")),
  ];
  const isKnown = isTopicName(topic) && partition !== undefined && offset !== undefined;
  return {
    origin: isKnown ? { topic, partition, offset } : undefined,
    exception: text("exception") ?? "-",
    message: text("message") ?? "",
  };
}

/** Anybody may have written them: undefined where it is none. */
function countOf(text: string | undefined): number | undefined {
  const count = /^\d+$/.test(text ?? "") ? Number(text) : NaN;
  return Number.isSafeInteger(count) ? count : undefined;
}

/** The record's own headers, as they were before it failed. */
export function ownHeaders({ headers }: StoredRecord): Headers {
  return headers.filter(([name]) => !name.startsWith(prefix));
}
