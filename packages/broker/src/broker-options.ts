import type { Compression } from "@millrace/protocol/records";
import type { BrokerProperties } from "./config/broker-config.ts";
import type { EndTransactionEpochCheck } from "./coordinator/transaction/end-transaction.ts";
import type { DurabilityLevel } from "./partition/durability.ts";
import type { SaslMechanism } from "./security/authentication/sasl-mechanism.ts";

/** How a broker is started. */
export interface BrokerOptions {
  /** Where everything is kept; made if it is missing. One broker at a time. */
  readonly dataDirectory: string;
  /** Default `127.0.0.1`; another than loopback needs TLS and authentication, or `insecureListen`. */
  readonly host?: string;
  /** Listens beyond loopback without TLS, or without asking who comes. Default false. */
  readonly insecureListen?: boolean;
  /** Default: of the `listeners` property, else 9092; 0 takes a free one. */
  readonly port?: number;
  /** Under Kafka's names. */
  readonly properties?: BrokerProperties;
  /**
   * SASL mechanisms from outside, such as GSSAPI: enabled by their names in `sasl.enabled.mechanisms`, before
   * those that are here.
   */
  readonly saslMechanisms?: readonly SaslMechanism[];
  /** Default `group`. */
  readonly durability?: DurabilityLevel;
  /** What unpacks compressed batches; default: those are refused. */
  readonly codecs?: Compression;
  /** Bytes kept free on the device for markers, offsets and metadata. Default 64 MiB; 0: none. */
  readonly reserveBytes?: number;
  /** Partitions of all topics together; topics beyond are refused. Default 100,000. */
  readonly partitionsMax?: number;
  /** Groups of all kinds; more are refused. Default 100,000. */
  readonly groupsMax?: number;
  /** What `close` may take. Default 10 s. */
  readonly closeTimeoutMs?: number;
  /** Told once if the device fails: what it holds is unknown then, and the process should end. */
  readonly onFailed?: (failure: Error) => void;
  /** Gives up a start: it rejects with the signal's reason, and the folder is free again. */
  readonly signal?: AbortSignal;
  /** For tests that plant bugs; Kafka's rule unless given. */
  readonly isEndTransactionEpochAccepted?: EndTransactionEpochCheck;
}

export const reserveBytesDefault = 64 * 1024 * 1024;
export const partitionsMaxDefault = 100_000;
export const groupsMaxDefault = 100_000;
export const closeTimeoutMsDefault = 10_000;
export const nodeIdDefault = 1;
