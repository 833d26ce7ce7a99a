import {
  messageOf,
  stackOf,
  encodeUtf8,
  type Header,
  type Headers,
  type Timestamp,
} from "@millrace/model";

/** What became of which record. */
export interface DeadLetter {
  /** Null: none, a timer failed; or it is not known. */
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  readonly cause: unknown;
}

/** The headers of a dead letter: the record's own, then Kafka's six about the error (KIP-1034). */
export function deadLetterHeaders(letter: DeadLetter): Headers {
  const { cause } = letter;
  const texts: readonly (readonly [string, string | null])[] = [
    ["exception", cause instanceof Error ? `${cause.name}` : typeof cause],
    ["message", messageOf(cause)],
    ["stacktrace", stackOf(cause)],
    ["topic", letter.topic],
    ["partition", String(letter.partition)],
    ["offset", String(letter.offset)],
  ];
  const added = texts.map(([name, text]): Header => [
    `__streams.errors.${name}`,
    text === null ? null : encodeUtf8(text),
  ]);
  return [...letter.headers, ...added];
}
