import {
  ClusterError,
  requireCapability,
  type BatchReader,
  type BatchReaderOptions,
  type BatchWriter,
  type BatchWriterOptions,
  type ClusterAdmin,
  type ClusterClient,
  type ClusterCapability,
  type GroupMembership,
  type GroupMembershipOptions,
} from "@millrace/cluster";
import { nodePlatform } from "@millrace/platform/node";
import type { Kafka } from "kafkajs";

import { AdminLinks } from "./admin/admin-links.ts";
import { KafkajsAdmin } from "./admin/kafkajs-admin.ts";
import { kafkajsCapabilities } from "./kafkajs-capabilities.ts";
import type { KafkajsContext } from "./kafkajs-context.ts";
import { resolveOptions, type KafkajsClusterOptions } from "./kafkajs-options.ts";
import { KafkajsMembership } from "./membership/kafkajs-membership.ts";
import { KafkajsReader } from "./reader/kafkajs-reader.ts";
import { KafkajsWriter } from "./writer/kafkajs-writer.ts";

const instead =
  "Give StreamsApp the cluster's address instead: it has a client of its own, which has.";

interface Closable {
  close(): Promise<void>;
}

/**
 * The port of clusters on the user's own kafkajs instance.
 *
 * Connections are there as long as a part is open that uses them: who has closed what it opened has nothing left to close.
 */
export class KafkajsCluster implements ClusterClient {
  readonly name = kafkajsCapabilities.name;
  readonly admin: ClusterAdmin;
  readonly #context: KafkajsContext;
  readonly #links: AdminLinks;
  readonly #closing = new AbortController();
  readonly #open = new Set<Closable>();
  #ending: Promise<void> | undefined;

  constructor(kafka: Kafka, options: KafkajsClusterOptions = {}) {
    const platform = nodePlatform();
    const closing = this.#closing.signal;
    this.#context = { kafka, platform, closing, ...resolveOptions(options) };
    this.#links = new AdminLinks(this.#context);
    this.admin = new KafkajsAdmin(this.#context, this.#links);
  }

  get capabilities(): ReadonlySet<ClusterCapability> {
    return kafkajsCapabilities.capabilities;
  }

  openReader(options: BatchReaderOptions): BatchReader {
    return this.#keep((onClosed) => new KafkajsReader(this.#context, options, onClosed));
  }

  /** @throws ClusterError `UNSUPPORTED_BY_CLIENT` */
  openWriter(options: BatchWriterOptions): BatchWriter {
    if (options.compression === "zstd") requireCapability(this, "zstd", zstdUse);
    return this.#keep(
      (onClosed) =>
        new KafkajsWriter({ context: this.#context, admin: this.admin, options, onClosed }),
    );
  }

  /** @throws ClusterError `UNSUPPORTED_BY_CLIENT` */
  openMembership(options: GroupMembershipOptions): GroupMembership {
    if (options.groupInstanceId !== undefined)
      requireCapability(this, "static-membership", { use: "groupInstanceId", instead });
    return this.#keep(
      (onClosed) =>
        new KafkajsMembership({ context: this.#context, admin: this.admin, options, onClosed }),
    );
  }

  /** @throws ClusterError `UNSUPPORTED_BY_CLIENT` */
  openStreamsMembership(): never {
    requireCapability(this, "streams-groups", { use: 'groupProtocol: "streams"', instead });
    throw new ClusterError("UNSUPPORTED_BY_CLIENT", instead);
  }

  close(): Promise<void> {
    return (this.#ending ??= this.#close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const closed = new ClusterError("CLUSTER_CLOSED", "the client is closed; make another one");
    // Writers send what they have, and members leave, while requests still go out.
    await Promise.allSettled([...this.#open].map((part) => part.close()));
    this.#closing.abort(closed);
    await this.#links.close();
  }

  #keep<Part extends Closable>(make: (onClosed: () => void) => Part): Part {
    if (this.#ending !== undefined)
      throw new ClusterError("CLUSTER_CLOSED", "the client is closed; make another one");
    const part: Part = make(() => {
      if (this.#open.delete(part)) this.#links.leave();
    });
    this.#open.add(part);
    this.#links.enter();
    return part;
  }
}

const zstdUse = {
  use: 'compression "zstd"',
  instead: "Register a codec as CompressionCodecs[CompressionTypes.ZSTD], or choose gzip.",
};

/**
 * A cluster client on a kafkajs instance: what an application takes as `cluster` while a service moves over, with the
 * brokers, TLS, sign-in and logger that the instance has. It has no exactly-once: give the application
 * `processingGuarantee: "at_least_once"`.
 *
 * @throws ClusterError `UNSUPPORTED_BY_CLIENT` for what is no Kafka of kafkajs 2.2; OptionError
 * @example
 * const kafka = new Kafka({ brokers: ["kafka-1:9092"], ssl: true, sasl });
 * await StreamsApp.run(builder.build(), {
 *   applicationId: "word-count",
 *   cluster: kafkajsCluster(kafka),
 *   processingGuarantee: "at_least_once",
 * });
 */
export function kafkajsCluster(kafka: Kafka, options: KafkajsClusterOptions = {}): KafkajsCluster {
  return new KafkajsCluster(kafka, options);
}
