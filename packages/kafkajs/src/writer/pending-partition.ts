import { ClusterError, requireCapability, type PartitionWriter } from "@millrace/cluster";
import type { Headers, Timestamp } from "@millrace/model";
import type { IHeaders, Message } from "kafkajs";

import { kafkajsCapabilities } from "../kafkajs-capabilities.ts";

/** What a record takes in a batch beside its bytes, at most. */
const recordOverheadBytes = 30;

/** A record on its way: what kafkajs is given, and what is told should it be refused. */
export interface PendingRecord {
  readonly appendIndex: number;
  readonly timestamp: Timestamp;
  readonly message: Message;
  readonly headers: Headers;
  readonly sizeBytes: number;
}

/** What partitions share: the room, and whether there is anything to append to. */
export interface PendingOwner {
  readonly hasRoom: boolean;
  readonly recordBytesMax: number;
  /** @throws ClusterError where nothing may be appended now */
  requireOpen(): void;
  appended(partition: PendingPartition, record: PendingRecord): void;
}

/** Copies records, and keeps them until they are sent. */
export class PendingPartition implements PartitionWriter {
  readonly topic: string;
  readonly partition: number;
  appendedCount = 0;
  readonly #owner: PendingOwner;
  #records: PendingRecord[] = [];

  constructor(place: { readonly topic: string; readonly partition: number }, owner: PendingOwner) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.#owner = owner;
  }

  get count(): number {
    return this.#records.length;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean {
    const owner = this.#owner;
    owner.requireOpen();
    let sizeBytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, bytes] of headers) sizeBytes += 10 + 3 * name.length + (bytes?.length ?? 0);
    if (sizeBytes > owner.recordBytesMax) throw tooLarge(this, sizeBytes, owner.recordBytesMax);
    const message: Message = {
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
      partition: this.partition,
      timestamp: `${timestamp}`,
      ...(headers.length === 0 ? {} : { headers: kafkajsHeaders(headers) }),
    };
    const appendIndex = this.appendedCount++;
    const record = { appendIndex, timestamp, message, headers, sizeBytes };
    this.#records.push(record);
    owner.appended(this, record);
    return owner.hasRoom;
  }

  /** Takes the first records that are of so many bytes together, and at least one. */
  take(bytesMax: number): readonly PendingRecord[] {
    let sizeBytes = 0;
    let count = 0;
    for (const record of this.#records) {
      sizeBytes += record.sizeBytes;
      if (count > 0 && sizeBytes > bytesMax) break;
      count++;
    }
    return this.#records.splice(0, count);
  }

  drop(): readonly PendingRecord[] {
    const dropped = this.#records;
    this.#records = [];
    return dropped;
  }
}

/** @throws ClusterError `UNSUPPORTED_BY_CLIENT` for a header without a value: kafkajs cannot write one */
function kafkajsHeaders(headers: Headers): IHeaders {
  const byName: Record<string, Buffer | Buffer[]> = Object.create(null);
  for (const [name, value] of headers) {
    if (value === null) {
      const use = `header ${JSON.stringify(name)}, which has no value,`;
      const instead = "Give it an empty one, or write with the bundled client.";
      requireCapability(kafkajsCapabilities, "exact-headers", { use, instead });
      continue;
    }
    const bytes = Buffer.from(value);
    const before = byName[name];
    if (before === undefined) byName[name] = bytes;
    else byName[name] = Array.isArray(before) ? [...before, bytes] : [before, bytes];
  }
  return byName;
}

function tooLarge(
  { topic, partition }: PartitionWriter,
  sizeBytes: number,
  bytesMax: number,
): ClusterError {
  return new ClusterError(
    "RECORD_TOO_LARGE",
    `a record of about ${sizeBytes} bytes for ${topic}-${partition} exceeds requestBytesMax (${bytesMax}); send less, or raise it here and max.message.bytes on the topic`,
  );
}
