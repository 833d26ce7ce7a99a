import type {
  BatchReader,
  BatchReaderOptions,
  BatchWriter,
  BatchWriterOptions,
  ClusterCapability,
  ClusterClient,
  GroupMembership,
  GroupMembershipOptions,
} from "@millrace/cluster";
import type { Platform } from "@millrace/platform";

import { Admin } from "./admin/admin.ts";
import { ClientContext } from "./client-context.ts";
import { clientOptions, type ConnectOptions } from "./connect-options.ts";
import { ClusterBatchReader } from "./consumer/cluster-batch-reader.ts";
import { Consumer, defaultAssignors, type ConsumerOptions } from "./consumer/consumer.ts";
import { ClassicMembership } from "./group/classic-membership.ts";
import { KafkaBatchWriter, type KafkaBatchWriterOptions } from "./producer/batch-writer.ts";
import { Producer, type ProducerOptions } from "./producer/producer.ts";

/** What must be closed before the connections are. */
interface Closable {
  close(): Promise<void>;
}

const capabilities: ReadonlySet<ClusterCapability> = new Set([
  "transactions",
  "staticMembership",
  "ownAssignor",
  "headers",
]);

/**
 * A client of one cluster, Apache Kafka's or Millrace's: the port's readers, writers and memberships over Kafka's
 * protocol.
 */
export class KafkaClient implements ClusterClient {
  readonly capabilities = capabilities;
  readonly admin: Admin;
  readonly #context: ClientContext;
  readonly #open = new Set<Closable>();
  #closing: Promise<void> | undefined;

  constructor(context: ClientContext) {
    this.#context = context;
    this.admin = new Admin(context);
  }

  openReader(options: BatchReaderOptions): BatchReader {
    return this.#keep(new ClusterBatchReader(this.#context, options));
  }

  openWriter(options: BatchWriterOptions): BatchWriter {
    return this.#openWriter(options);
  }

  openMembership(options: GroupMembershipOptions): GroupMembership {
    return this.#keep(new ClassicMembership(this.#context, options));
  }

  /** Sends records one by one, a promise each. */
  producer(options: ProducerOptions = {}): Producer {
    const writer = this.#openWriter({ ...options, isToldByRecord: true });
    return new Producer(this.#context.platform, writer, options);
  }

  /** Records of topics as an async iterable, shared with a group or alone. */
  consumer(options: ConsumerOptions): Consumer {
    const { groupId, groupInstanceId, topics, isolation = "read_committed" } = options;
    const { sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs, bufferBytesMax } = options;
    const { assignors = defaultAssignors } = options;
    const membership =
      groupId === undefined
        ? undefined
        : this.openMembership({
            groupId,
            groupInstanceId,
            assignors,
            topics: () => topics,
            sessionTimeoutMs,
            heartbeatIntervalMs,
            rebalanceTimeoutMs,
          });
    const reader = this.openReader({ isolation, bufferBytesMax });
    const { platform } = this.#context;
    const consumer = new Consumer({ platform, admin: this.admin, reader, membership, options });
    return this.#keep(consumer);
  }

  /** Closes what is open of the above, then the connections. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAll(): Promise<void> {
    // The youngest first: a consumer commits and leaves before its parts are closed.
    await Promise.allSettled([...this.#open].toReversed().map((one) => one.close()));
    this.admin.close();
    this.#context.close();
  }

  #openWriter(options: KafkaBatchWriterOptions): KafkaBatchWriter {
    const writer: KafkaBatchWriter = new KafkaBatchWriter(this.#context, options, () =>
      this.#open.delete(writer),
    );
    return this.#keep(writer);
  }

  #keep<One extends Closable>(one: One): One {
    this.#open.add(one);
    return one;
  }
}

/**
 * Makes a client; brokers are contacted when it is first used.
 *
 * @throws ClusterError for addresses, DurationError for durations that are none
 * @example
 * await using client = connect(nodePlatform(), { bootstrapServers: "localhost:9092" });
 * console.log(await client.admin.listTopics());
 */
export function connect(platform: Platform, options: ConnectOptions): KafkaClient {
  return new KafkaClient(new ClientContext(platform, clientOptions(options)));
}
