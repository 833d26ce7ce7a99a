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
import { ClassicMembership } from "./group/classic-membership.ts";
import { KafkaBatchWriter } from "./producer/batch-writer.ts";

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
    const writer: KafkaBatchWriter = new KafkaBatchWriter(this.#context, options, () =>
      this.#open.delete(writer),
    );
    return this.#keep(writer);
  }

  openMembership(options: GroupMembershipOptions): GroupMembership {
    return this.#keep(new ClassicMembership(this.#context, options));
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
    await Promise.allSettled([...this.#open].map((one) => one.close()));
    this.#context.close();
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
