import type { Header, Headers, Offset } from "@millrace/model";
import { noHeaders } from "@millrace/model";

/**
 * What kafkajs decodes a fetch to. Its types say `any`: this is what its version 2.2 gives, and what `isFetched` looks
 * for.
 */
export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly messages: readonly FetchedMessage[];
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

export interface FetchedMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;
  readonly isControlRecord?: boolean;
  /** Of its record batch; records of Kafka before 0.11 have none. */
  readonly batchContext?: {
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
    readonly producerId: string;
    readonly inTransaction: boolean;
  };
}

type HeaderValue = Uint8Array | string | null;

export interface Fetched {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

export function isFetched(given: unknown): given is Fetched {
  return (
    typeof given === "object" &&
    given !== null &&
    "responses" in given &&
    Array.isArray(given.responses) &&
    given.responses.every(
      (response: unknown) =>
        typeof response === "object" &&
        response !== null &&
        "topicName" in response &&
        "partitions" in response &&
        Array.isArray(response.partitions),
    )
  );
}

/** A control record of an aborted transaction has this key: version 0, type 0. */
const abortKey = [0, 0, 0, 0];

/**
 * Leaves out what is no record of the reader: control records, those of aborted transactions (the list is empty for who
 * reads what is not committed), and what lies before the offset asked for, which a batch begins with.
 */
export function visibleMessages(
  { messages, abortedTransactions }: FetchedPartition,
  fromOffset: Offset,
): readonly FetchedMessage[] {
  const waiting = (abortedTransactions ?? []).toSorted(
    (left, right) => Number(left.firstOffset) - Number(right.firstOffset),
  );
  const aborted = new Set<string>();
  let begun = 0;
  return messages.filter((message) => {
    const offset = Number(message.offset);
    for (; begun < waiting.length && Number(waiting[begun].firstOffset) <= offset; begun++)
      aborted.add(waiting[begun].producerId);
    const { producerId = "", inTransaction = false } = message.batchContext ?? {};
    if (message.isControlRecord === true) {
      if (isAbort(message.key)) aborted.delete(producerId);
      return false;
    }
    return offset >= fromOffset && !(inTransaction && aborted.has(producerId));
  });
}

function isAbort(key: Uint8Array | null): boolean {
  return key !== null && abortKey.every((byte, index) => key[index] === byte);
}

/** Behind the last batch, as far as kafkajs tells of it; undefined: no record came. */
export function endOf({ messages }: FetchedPartition): Offset | undefined {
  const last = messages.at(-1);
  if (last === undefined) return undefined;
  const { batchContext } = last;
  const own = Number(last.offset) + 1;
  if (batchContext === undefined) return own;
  return Math.max(own, Number(batchContext.firstOffset) + batchContext.lastOffsetDelta + 1);
}

/** kafkajs gathers headers by name: their order is theirs by first name, and numbers come first. */
export function headersOf({ headers }: FetchedMessage): Headers {
  if (headers === undefined) return noHeaders;
  const list: Header[] = [];
  for (const [name, given] of Object.entries(headers)) {
    const values: readonly (HeaderValue | undefined)[] = Array.isArray(given) ? given : [given];
    for (const value of values)
      list.push([name, typeof value === "string" ? Buffer.from(value) : (value ?? null)]);
  }
  return list.length === 0 ? noHeaders : list;
}
