import {
  durationOption,
  flagOption,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { loggerKind, type AnyLogger, type NetworkAddress } from "@millrace/platform";
import type { Compression } from "@millrace/protocol/records";
import { parseBootstrapServers } from "./connection/bootstrap-servers.ts";
import { isSasl, isSsl, type SaslOptions, type SslOptions } from "./security/security-options.ts";

interface RequiredSettings {
  readonly isRequired: true;
  readonly kafka: string;
}

export const connectOptionRows = {
  /** Where the first metadata comes from, and comes again if all known brokers are away: `"host:port,host:port"`, or a list. */
  bootstrapServers: valueOption<string | readonly string[], RequiredSettings>(
    {
      allowed: '"host:port,host:port", or a list of such texts',
      accepts: (given) =>
        typeof given === "string" ||
        (Array.isArray(given) && given.every((one) => typeof one === "string")),
    },
    { isRequired: true, kafka: "bootstrap.servers" },
  ),
  /** TLS: true, or whom to trust and what to show. Files are read again for each connection. */
  ssl: valueOption<true | SslOptions>(
    {
      allowed:
        "true, or { caFile, certificateFile, keyFile, passphrase, … }: certificate and key together, in one way",
      accepts: isSsl,
    },
    { kafka: "security.protocol, ssl.*" },
  ),
  /** How this client shows who it is; PLAIN wants TLS beneath. */
  sasl: valueOption<SaslOptions>(
    {
      allowed:
        '{ mechanism: "PLAIN", "SCRAM-SHA-256" or "SCRAM-SHA-512", username, password }, { mechanism: "OAUTHBEARER", token: () => text }, or a mechanism of your own: { mechanism, begin }',
      accepts: isSasl,
    },
    { kafka: "sasl.mechanism, sasl.jaas.config" },
  ),
  /** Names this client in the brokers' logs and quotas. */
  clientId: textOption({ byDefault: "millrace", kafka: "client.id" }),
  /** Until one request counts as lost. */
  requestTimeout: durationOption({ minMs: 1, byDefault: "30s", kafka: "request.timeout.ms" }),
  /** Until a whole operation, with its retries, counts as failed. */
  apiTimeout: durationOption({ minMs: 1, byDefault: "1m", kafka: "default.api.timeout.ms" }),
  /** The same while no broker has ever answered: a wrong address is told sooner. */
  bootstrapTimeout: durationOption({ minMs: 1, byDefault: "15s" }),
  /** Until opening a connection counts as failed. */
  connectTimeout: durationOption({
    minMs: 1,
    byDefault: "10s",
    kafka: "socket.connection.setup.timeout.ms",
  }),
  /** Pause before an address is tried again; doubles up to `reconnectBackoffMax`. */
  reconnectBackoff: durationOption({ byDefault: "50ms", kafka: "reconnect.backoff.ms" }),
  /** The longest such pause. */
  reconnectBackoffMax: durationOption({ byDefault: "1s", kafka: "reconnect.backoff.max.ms" }),
  /** Pause before a request is tried again; doubles up to `retryBackoffMax`. */
  retryBackoff: durationOption({ byDefault: "100ms", kafka: "retry.backoff.ms" }),
  /** The longest such pause. */
  retryBackoffMax: durationOption({ byDefault: "1s", kafka: "retry.backoff.max.ms" }),
  /** Age at which metadata is fetched anew, changes or not. */
  metadataMaxAge: durationOption({ minMs: 1, byDefault: "5m", kafka: "metadata.max.age.ms" }),
  /** Codecs for compressed batches; without them a compressed batch is an error that says so. */
  codecs: valueOption<Compression>(
    {
      allowed: "nodeCompression of @millrace/protocol/compression, or the like",
      accepts: (given) =>
        typeof given === "object" && given !== null && "compress" in given && "decompress" in given,
    },
    { defaultText: "of `millrace`: `none`, `gzip`, `zstd`; of `@millrace/client`: none" },
  ),
  /** Takes what is logged: pino, winston, bunyan, `console` or the like. */
  logger: valueOption<AnyLogger>(loggerKind, { defaultText: "JSON lines on standard error" }),
  /** Whether checksums of fetched batches are checked. */
  checkCrcs: flagOption({ byDefault: true, kafka: "check.crcs" }),
};

/** How a client reaches its cluster; durations are `"5s"` or milliseconds. */
export interface ConnectOptions extends GivenOptions<typeof connectOptionRows> {}

export const connectOptionTable = optionTable("connect", connectOptionRows, [
  {
    demand: "reconnectBackoff must not exceed reconnectBackoffMax",
    options: ["reconnectBackoff", "reconnectBackoffMax"],
    holds: ({ reconnectBackoff, reconnectBackoffMax }) => reconnectBackoff <= reconnectBackoffMax,
  },
  {
    demand: "retryBackoff must not exceed retryBackoffMax",
    options: ["retryBackoff", "retryBackoffMax"],
    holds: ({ retryBackoff, retryBackoffMax }) => retryBackoff <= retryBackoffMax,
  },
]);

/** Complete and in milliseconds. */
export interface ClientOptions {
  readonly bootstrap: readonly NetworkAddress[];
  readonly ssl: true | SslOptions | undefined;
  readonly sasl: SaslOptions | undefined;
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
  readonly logger: AnyLogger | undefined;
  readonly checkCrcs: boolean;
}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; ClusterError for addresses */
export function clientOptions(options: unknown): ClientOptions {
  const read = readOptions(connectOptionTable, options);
  return {
    bootstrap: parseBootstrapServers(read.bootstrapServers),
    ssl: read.ssl,
    sasl: read.sasl,
    clientId: read.clientId,
    requestTimeoutMs: read.requestTimeout,
    apiTimeoutMs: read.apiTimeout,
    bootstrapTimeoutMs: read.bootstrapTimeout,
    connectTimeoutMs: read.connectTimeout,
    reconnectBackoffMs: read.reconnectBackoff,
    reconnectBackoffMsMax: read.reconnectBackoffMax,
    retryBackoffMs: read.retryBackoff,
    retryBackoffMsMax: read.retryBackoffMax,
    metadataAgeMsMax: read.metadataMaxAge,
    codecs: read.codecs,
    logger: read.logger,
    checkCrcs: read.checkCrcs,
  };
}
