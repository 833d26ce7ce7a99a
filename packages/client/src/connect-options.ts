import type { Duration } from "@millrace/model";
import { toMilliseconds } from "@millrace/model";
import type { NetworkAddress } from "@millrace/platform";
import type { Compression } from "@millrace/protocol/records";
import { parseBootstrapServers } from "./connection/bootstrap-servers.ts";

/** How a client reaches its cluster. Names are Kafka's, in camelCase. */
export interface ConnectOptions {
  /** `"host:port,host:port"`, or a list: where the first metadata comes from, and comes again if all known brokers are away. */
  readonly bootstrapServers: string | readonly string[];
  /** Names this client in the brokers' logs and quotas. Default `millrace`. */
  readonly clientId?: string;
  /** Until one request counts as lost. Default 30 s. */
  readonly requestTimeout?: Duration;
  /** Until a whole operation, with its retries, counts as failed (Kafka: `default.api.timeout.ms`). Default 60 s. */
  readonly apiTimeout?: Duration;
  /** The same while no broker has ever answered: a wrong address is told sooner. Default 15 s. */
  readonly bootstrapTimeout?: Duration;
  /** Until opening a connection counts as failed. Default 10 s. */
  readonly connectTimeout?: Duration;
  /** Pause before an address is tried again; doubles up to `reconnectBackoffMax`. Default 50 ms. */
  readonly reconnectBackoff?: Duration;
  /** Default 1 s. */
  readonly reconnectBackoffMax?: Duration;
  /** Pause before a request is tried again; doubles up to `retryBackoffMax`. Default 100 ms. */
  readonly retryBackoff?: Duration;
  /** Default 1 s. */
  readonly retryBackoffMax?: Duration;
  /** Age at which metadata is fetched anew, changes or not. Default 5 min. */
  readonly metadataMaxAge?: Duration;
  /**
   * Codecs for compressed batches: on Node `nodeCompression` of `@millrace/protocol/compression`. Without
   * them a compressed batch is an error that says so.
   */
  readonly codecs?: Compression;
  /** Whether checksums of fetched batches are checked. Default true. */
  readonly checkCrcs?: boolean;
}

/** The same, complete and in milliseconds. */
export interface ClientOptions {
  readonly bootstrap: readonly NetworkAddress[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly apiTimeoutMs: number;
  readonly bootstrapTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMsMax: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMsMax: number;
  readonly metadataAgeMsMax: number;
  readonly codecs: Compression | undefined;
  readonly checkCrcs: boolean;
}

/** @throws ClusterError for addresses, DurationError for durations that are none */
export function clientOptions(options: ConnectOptions): ClientOptions {
  const ms = (name: keyof ConnectOptions, value: Duration | undefined, standard: number) =>
    value === undefined ? standard : toMilliseconds(value, name);
  return {
    bootstrap: parseBootstrapServers(options.bootstrapServers),
    clientId: options.clientId ?? "millrace",
    requestTimeoutMs: ms("requestTimeout", options.requestTimeout, 30_000),
    apiTimeoutMs: ms("apiTimeout", options.apiTimeout, 60_000),
    bootstrapTimeoutMs: ms("bootstrapTimeout", options.bootstrapTimeout, 15_000),
    connectTimeoutMs: ms("connectTimeout", options.connectTimeout, 10_000),
    reconnectBackoffMs: ms("reconnectBackoff", options.reconnectBackoff, 50),
    reconnectBackoffMsMax: ms("reconnectBackoffMax", options.reconnectBackoffMax, 1000),
    retryBackoffMs: ms("retryBackoff", options.retryBackoff, 100),
    retryBackoffMsMax: ms("retryBackoffMax", options.retryBackoffMax, 1000),
    metadataAgeMsMax: ms("metadataMaxAge", options.metadataMaxAge, 300_000),
    codecs: options.codecs,
    checkCrcs: options.checkCrcs ?? true,
  };
}
