import type { BrokerConfig } from "../config/broker-config.ts";
import { ConfigError } from "../config/config-error.ts";

const overridesName = "max.connections.per.ip.overrides";

/** Bounds of what clients may take. Crossing one is back-pressure, or ends the connection. */
export interface ServerLimits {
  /** `socket.request.max.bytes`: a larger frame ends the connection. */
  readonly requestBytesMax: number;
  /** `sasl.server.max.receive.size`: of what comes before authentication. */
  readonly unauthenticatedBytesMax: number;
  /** `connection.failed.authentication.delay.ms`: how long a refusal is held back. */
  readonly failedAuthenticationDelayMs: number;
  /** `max.connections`, or as many as there are descriptors beside files: more are closed when they come. */
  readonly connectionsMax: number;
  /** `max.connections.per.ip`. */
  readonly connectionsPerAddressMax: number;
  /** `max.connections.per.ip.overrides`, by address. */
  readonly connectionsOfAddresses: ReadonlyMap<string, number>;
  /** `connections.max.idle.ms`: a connection without requests for so long is closed. */
  readonly idleMsMax: number;
  /** A peer that takes no bytes for so long is dropped. */
  readonly stallMsMax: number;
  /** Elements of all lists of a request; more end the connection. */
  readonly requestElementsMax: number;
  /** Requests of one connection whose responses are not sent yet; beyond, no more are read. */
  readonly unansweredMax: number;
  /** Their bytes. */
  readonly unansweredBytesMax: number;
  /** `queued.max.request.bytes`: of requests of all connections, received and not answered; beyond, large ones wait. */
  readonly requestTotalBytesMax: number;
  /** Bytes of a connection's answers that are made and not taken; beyond, none is begun. */
  readonly unreadBytesMax: number;
  /** The same of all connections; beyond, a connection has one answer at a time, and a short one. */
  readonly unreadTotalBytesMax: number;
  /** Bytes of requests that are received but not begun; beyond, no more are read. */
  readonly readAheadBytesMax: number;
}

export const defaultServerLimits: ServerLimits = Object.freeze({
  requestBytesMax: 104_857_600,
  unauthenticatedBytesMax: 524_288,
  failedAuthenticationDelayMs: 100,
  connectionsMax: 1000,
  connectionsPerAddressMax: Number.POSITIVE_INFINITY,
  connectionsOfAddresses: new Map(),
  idleMsMax: 600_000,
  stallMsMax: 30_000,
  requestElementsMax: 50_000,
  unansweredMax: 500,
  unansweredBytesMax: 64 * 1024 * 1024,
  requestTotalBytesMax: 512 * 1024 * 1024,
  unreadBytesMax: 4 * 1024 * 1024,
  unreadTotalBytesMax: 256 * 1024 * 1024,
  readAheadBytesMax: 1024 * 1024,
});

/**
 * With what the broker's properties say, and for how many connections there are descriptors. How many connections there
 * may be can change while it runs.
 */
export function serverLimitsOf(config: BrokerConfig, descriptorCount: number): ServerLimits {
  const connectionsMax = () =>
    Math.min(
      descriptorCount,
      config.isSet("max.connections")
        ? config.number("max.connections")
        : defaultServerLimits.connectionsMax,
    );
  const requestTotalBytes = config.number("queued.max.request.bytes");
  const overrides = overridesOf(config);
  return {
    ...defaultServerLimits,
    requestBytesMax: config.number("socket.request.max.bytes"),
    unauthenticatedBytesMax: config.number("sasl.server.max.receive.size"),
    failedAuthenticationDelayMs: config.number("connection.failed.authentication.delay.ms"),
    get connectionsMax() {
      return connectionsMax();
    },
    get connectionsPerAddressMax() {
      return config.isSet("max.connections.per.ip")
        ? config.number("max.connections.per.ip")
        : Number.POSITIVE_INFINITY;
    },
    get connectionsOfAddresses() {
      return overrides();
    },
    // Kafka's default, -1, bounds nothing; here it stands for a bound that is large.
    ...(requestTotalBytes > 0 ? { requestTotalBytesMax: requestTotalBytes } : {}),
    idleMsMax: config.number("connections.max.idle.ms"),
  };
}

/** What holds at the moment; a change that cannot be read changes nothing. @throws ConfigError `INVALID_PROPERTY` at first */
function overridesOf(config: BrokerConfig): () => ReadonlyMap<string, number> {
  const textNow = () => config.text(overridesName) ?? "";
  let text = textNow();
  let overrides = parseOverrides(text);
  return () => {
    const now = textNow();
    if (now === text) return overrides;
    text = now;
    try {
      overrides = parseOverrides(text);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
    return overrides;
  };
}

function parseOverrides(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return new Map(
    pairs.map((pair) => {
      const [, address, count] = /^\s*(.+):(\d+)\s*$/.exec(pair) ?? [];
      if (address === undefined)
        throw new ConfigError(
          "INVALID_PROPERTY",
          overridesName,
          `${overridesName} has ${JSON.stringify(pair.trim())}; give ADDRESS:COUNT, separated by commas`,
        );
      return [address, Number(count)] as const;
    }),
  );
}
