import { decodeUtf8, type Headers, type Offset, type TopicPartition } from "@millrace/model";

import type { StoredRecord } from "./read-ranges.ts";

const prefix = "__streams.errors.";

/** What a letter's headers tell (KIP-1034). */
export interface LetterNote {
  /** Undefined: none, a timer failed, or the headers do not say. */
  readonly origin: (TopicPartition & { readonly offset: Offset }) | undefined;
  readonly exception: string;
  readonly message: string;
}

export function noteOf({ headers }: StoredRecord): LetterNote {
  const text = (name: string): string | undefined => {
    const bytes = headers.findLast(([found]) => found === `${prefix}${name}`)?.[1];
    return bytes === null || bytes === undefined ? undefined : decodeUtf8(bytes);
  };
  const topic = text("topic");
  const partition = Number(text("partition") ?? NaN);
  const offset = Number(text("offset") ?? NaN);
  const isKnown = topic !== undefined && partition >= 0 && offset >= 0;
  return {
    origin: isKnown ? { topic, partition, offset } : undefined,
    exception: text("exception") ?? "-",
    message: text("message") ?? "",
  };
}

/** The record's own headers, as they were before it failed. */
export function ownHeaders({ headers }: StoredRecord): Headers {
  return headers.filter(([name]) => !name.startsWith(prefix));
}
