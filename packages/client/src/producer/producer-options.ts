import type { BatchWriterOptions } from "@millrace/cluster";
import {
  bytesOption,
  choiceOption,
  durationOption,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";
import { isHandle, type TopicHandle } from "../topic-handle.ts";
import type { PlainField, RecordSerdes } from "./encode-record.ts";

export const producerOptionRows = {
  /** How keys become bytes; without it a key is text or bytes. */
  key: valueOption<Serde<unknown>>(serdeKind, { kafka: "key.serializer" }),
  /** How values become bytes; without it a value is text or bytes. */
  value: valueOption<Serde<unknown>>(serdeKind, { kafka: "value.serializer" }),
  /** How long a record waits for what its serde must first fetch, such as a schema; then its promise rejects with `SERDE_TIMED_OUT`. */
  serdeTimeout: durationOption({ byDefault: "30s" }),
  /** Records are sent within `transaction` alone; an earlier producer of the same id is fenced. */
  transactionalId: textOption({ kafka: "transactional.id" }),
  /** After this long the broker aborts an open transaction. */
  transactionTimeout: durationOption({
    minMs: 1,
    defaultText: "1m",
    kafka: "transaction.timeout.ms",
  }),
  /** How long a batch waits for more records. */
  linger: durationOption({ byDefault: "5ms", kafka: "linger.ms" }),
  /** Bytes of one partition's records that are sent together. */
  batchBytesMax: bytesOption({
    min: 1,
    byDefault: 64 * 1024,
    defaultText: "64 KiB",
    kafka: "batch.size",
  }),
  /** Bytes sent and not yet acknowledged, beyond which `send` waits. */
  bufferBytesMax: bytesOption({ min: 1, byDefault: 32 * 2 ** 20, kafka: "buffer.memory" }),
  /** Bytes of one request, and so of one record. */
  requestBytesMax: bytesOption({ min: 1, byDefault: 2 ** 20, kafka: "max.request.size" }),
  /** Of the record batches. */
  compression: choiceOption(["none", "gzip", "zstd"], {
    byDefault: "none",
    kafka: "compression.type",
  }),
  /** Until a record counts as failed, with all its retries; also bounds each of its requests. */
  deliveryTimeout: durationOption({ minMs: 1, byDefault: "2m", kafka: "delivery.timeout.ms" }),
};

/** How records are sent; durations are `"5s"` or milliseconds. */
export interface ProducerOptions<Key = PlainField, Value = PlainField> extends Omit<
  GivenOptions<typeof producerOptionRows>,
  "key" | "value"
> {
  /** How keys become bytes; without it a key is text or bytes. */
  readonly key?: Serde<Key>;
  /** How values become bytes; without it a value is text or bytes. */
  readonly value?: Serde<Value>;
}

export const producerOptionTable = optionTable("client.producer", producerOptionRows, [
  {
    demand:
      "linger must be shorter than deliveryTimeout, else records time out before they are sent",
    options: ["linger", "deliveryTimeout"],
    holds: ({ linger, deliveryTimeout }) => linger < deliveryTimeout,
  },
  {
    demand: "transactionTimeout is for a producer with a transactionalId",
    options: ["transactionTimeout", "transactionalId"],
    holds: ({ transactionTimeout, transactionalId }) =>
      transactionTimeout === undefined || transactionalId !== undefined,
  },
]);

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function resolveProducerOptions(options: unknown): {
  readonly writer: BatchWriterOptions;
  readonly serdes: RecordSerdes;
  readonly serdeTimeoutMs: number;
} {
  const read = readOptions(producerOptionTable, isHandle(options) ? serdesOf(options) : options);
  return {
    serdes: { key: read.key, value: read.value },
    serdeTimeoutMs: read.serdeTimeout,
    writer: {
      transactionalId: read.transactionalId,
      transactionTimeoutMs: read.transactionTimeout,
      lingerMs: read.linger,
      batchBytesMax: read.batchBytesMax,
      bufferBytesMax: read.bufferBytesMax,
      requestBytesMax: read.requestBytesMax,
      compression: read.compression,
      deliveryTimeoutMs: read.deliveryTimeout,
    },
  };
}

function serdesOf({ key, value }: TopicHandle<unknown, unknown>): RecordSerdes {
  return { key, value };
}
