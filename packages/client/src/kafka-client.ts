import {
  allClusterCapabilities,
  type BatchReader,
  type BatchReaderOptions,
  type BatchWriter,
  type BatchWriterOptions,
  type ClusterClient,
  type GroupMembership,
  type GroupMembershipOptions,
  type StreamsMembership,
  type StreamsMembershipOptions,
} from "@millrace/cluster";
import { GuardedLogger, type AnyLogger, type Platform } from "@millrace/platform";

import { Admin } from "./admin/admin.ts";
import {
  groupSeatOptions,
  membershipOptions,
  streamsMembershipOptions,
  readerOptions,
  writerOptions,
} from "./argument-kinds.ts";
import { checkArguments } from "./arguments.ts";
import { ClientContext } from "./client-context.ts";
import { clientOptions, type ConnectOptions } from "./connect-options.ts";
import { ClusterBatchReader } from "./consumer/cluster-batch-reader.ts";
import { ClusterFetcher } from "./consumer/cluster-fetcher.ts";
import { resolveConsumerOptions, type ConsumerOptions } from "./consumer/consumer-options.ts";
import { Consumer } from "./consumer/consumer.ts";
import { RecordDecoder, type DecoderOptions } from "./consumer/record-decoder.ts";
import { openConsumerMembership } from "./consumer/open-consumer-membership.ts";
import { openConsumerGroup } from "./group/open-consumer-group.ts";
import { groupSeat, type GroupSeat, type GroupSeatOptions } from "./group/group-seat.ts";
import { StreamsGroupMembership } from "./group/streams-group-membership.ts";
import { OpenParts } from "./open-parts.ts";
import { KafkaBatchWriter } from "./producer/batch-writer.ts";
import type { PlainField } from "./producer/encode-record.ts";
import { resolveProducerOptions, type ProducerOptions } from "./producer/producer-options.ts";
import { RecordEncoder } from "./producer/record-encoder.ts";
import { Producer } from "./producer/producer.ts";
import type { TopicHandle } from "./topic-handle.ts";

/**
 * A client of one cluster, Apache Kafka's or Millrace's: the port's readers, writers and memberships over Kafka's
 * protocol.
 */
export class KafkaClient implements ClusterClient {
  readonly name = "the bundled client";
  readonly capabilities = allClusterCapabilities;
  readonly admin: Admin;
  readonly #context: ClientContext;
  readonly #open = new OpenParts();
  #closing: Promise<void> | undefined;

  constructor(context: ClientContext) {
    this.#context = context;
    this.admin = new Admin(context);
  }

  /** @throws ClusterError `INVALID_ARGUMENT` */
  openReader(options: BatchReaderOptions): BatchReader {
    checkArguments("openReader", { options: [readerOptions, options] });
    return this.#open.keep(
      "reader",
      (onClosed) => new ClusterBatchReader(this.#context, options, onClosed),
    );
  }

  /** @throws ClusterError `INVALID_ARGUMENT` */
  openWriter(options: BatchWriterOptions): BatchWriter {
    checkArguments("openWriter", { options: [writerOptions, options] });
    return this.#open.keep(
      "writer",
      (onClosed) => new KafkaBatchWriter(this.#context, options, onClosed),
    );
  }

  /** @throws ClusterError `INVALID_ARGUMENT` */
  openMembership(options: GroupMembershipOptions): GroupMembership {
    checkArguments("openMembership", { options: [membershipOptions, options] });
    return this.#open.keep("reader", (onClosed) =>
      openConsumerGroup(this.#context, options, onClosed),
    );
  }

  /** @throws ClusterError `INVALID_ARGUMENT` */
  openStreamsMembership(options: StreamsMembershipOptions): StreamsMembership {
    checkArguments("openStreamsMembership", { options: [streamsMembershipOptions, options] });
    return this.#open.keep(
      "reader",
      (onClosed) => new StreamsGroupMembership(this.#context, options, onClosed),
    );
  }

  /**
   * A seat in a group of another kind than consumers', such as that of schema registries: members tell each other
   * bytes, and the one that leads gives bytes to each.
   *
   * @throws ClusterError `INVALID_ARGUMENT`
   */
  openGroupSeat(options: GroupSeatOptions): GroupSeat {
    checkArguments("openGroupSeat", { options: [groupSeatOptions, options] });
    return this.#open.keep("reader", (onClosed) => groupSeat(this.#context, options, onClosed));
  }

  /**
   * Sends records one by one, a promise each. A topic's handle stands for options with its serdes.
   *
   * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`
   */
  producer<Key = PlainField, Value = PlainField>(
    options: ProducerOptions<Key, Value> | TopicHandle<Key, Value> = {},
  ): Producer<Key, Value> {
    const { writer: writing, serdes, serdeTimeoutMs } = resolveProducerOptions(options);
    const isTransactional = writing.transactionalId !== undefined;
    const { platform } = this.#context;
    return this.#open.keep("writer", (onClosed) => {
      const told = { ...writing, isToldByRecord: true };
      const writer = new KafkaBatchWriter(this.#context, told, onClosed);
      const encoder = new RecordEncoder(this.#context, serdes, serdeTimeoutMs);
      return new Producer<Key, Value>(platform, writer, { encoder, isTransactional });
    });
  }

  /**
   * Records of topics as an async iterable, shared with a group or alone. Handles of topics bring their serdes.
   *
   * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`
   */
  consumer<Key = Uint8Array, Value = Uint8Array>(
    given: ConsumerOptions<Key, Value>,
  ): Consumer<Key, Value> {
    const options = resolveConsumerOptions(given);
    const { bufferBytesMax } = options;
    const context = this.#context;
    const membership = openConsumerMembership(context, options);
    const fetcher = new ClusterFetcher(context, {
      isolation: options.isolationLevel,
      bufferBytesMax,
    });
    const decoder = new RecordDecoder(
      context.platform.logger,
      options as DecoderOptions<Key, Value>, // the serdes are those of `given`, or of its handles
    );
    return this.#open.keep(
      "consumer",
      (onClosed) => new Consumer({ context, fetcher, membership, decoder, options, onClosed }),
    );
  }

  /** Closes what is open of the above, consumers first, then the connections. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAll(): Promise<void> {
    await this.#open.close();
    this.admin.close();
    await this.#context.close();
  }
}

/**
 * Makes a client; brokers are contacted when it is first used.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; ClusterError `BROKER_UNREACHABLE` for what is no address
 * @example
 * await using client = connect(nodePlatform(), { bootstrapServers: "localhost:9092" });
 * console.log(await client.admin.listTopics());
 */
export function connect(platform: Platform, options: ConnectOptions): KafkaClient {
  const read = clientOptions(options);
  return new KafkaClient(new ClientContext(platformWith(read.logger, platform), read));
}

function platformWith(logger: AnyLogger | undefined, platform: Platform): Platform {
  if (logger === undefined) return platform;
  const { clock, logger: fallback } = platform;
  return { ...platform, logger: new GuardedLogger(logger, { clock, fallback }) };
}
