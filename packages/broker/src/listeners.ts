import type { NetworkAddress } from "@millrace/platform";
import { BrokerError } from "./broker-error.ts";
import type { BrokerConfig } from "./config/broker-config.ts";
import { isLoopback } from "./config/loopback.ts";
import { clientCertificatesOf } from "./security/encryption/listener-tls.ts";

/** Kafka: `SecurityProtocol`. */
export type SecurityProtocol = "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

const securityProtocols: ReadonlySet<string> = new Set<SecurityProtocol>([
  "PLAINTEXT",
  "SSL",
  "SASL_PLAINTEXT",
  "SASL_SSL",
]);

/** One of the broker's listeners, as its properties say. */
export interface ListenerPlan {
  readonly name: string;
  readonly protocol: SecurityProtocol;
  readonly address: NetworkAddress;
  /** What clients are told; undefined: what is bound. */
  readonly advertised: NetworkAddress | undefined;
  /** Only this machine reaches it, or it has TLS and asks who a client is. */
  readonly isSecure: boolean;
}

/**
 * The listeners of `listeners`, `advertised.listeners` and `listener.security.protocol.map`.
 *
 * @param given host and port of the first listener, where they were given beside the properties; whether listeners may
 * be reached by others
 * @throws BrokerError `INVALID_LISTENER`, `INSECURE_BIND`
 */
export function planListeners(
  config: BrokerConfig,
  given: Partial<NetworkAddress> & { readonly insecureListen?: boolean },
): readonly ListenerPlan[] {
  const advertised = new Map(
    config.list("advertised.listeners").map((text) => {
      const { name, address } = parseListener(text);
      return [name, address];
    }),
  );
  const protocols = new Map(
    config.list("listener.security.protocol.map").map((pair): [string, string] => {
      const [name, protocol = ""] = pair.split(":");
      return [name.trim().toUpperCase(), protocol.trim().toUpperCase()];
    }),
  );
  const plans = config.list("listeners").map((text, index): ListenerPlan => {
    const { name, address } = parseListener(text);
    const host = index === 0 ? (given.host ?? address.host) : address.host;
    const port = index === 0 ? (given.port ?? address.port) : address.port;
    const protocol = protocolOf(name, protocols.get(name));
    const isSecure = isLoopback(host) || isEncryptedAndAsked(config, { name, protocol });
    if (!isSecure && given.insecureListen !== true) throw insecureBind(host, name, protocol);
    const told = advertised.get(name);
    checkAdvertised(told?.host ?? host);
    return { name, protocol, address: { host, port }, advertised: told, isSecure };
  });
  const names = new Set(plans.map(({ name }) => name));
  if (plans.length === 0 || names.size < plans.length)
    throw new BrokerError("INVALID_LISTENER", "give listeners, each with a name of its own");
  checkNames(names, advertised.keys());
  return plans;
}

/** Clients would be told of an address that is not meant. */
function checkNames(names: ReadonlySet<string>, advertised: Iterable<string>): void {
  const others = [...advertised].filter((name) => !names.has(name));
  if (others.length === 0) return;
  throw new BrokerError(
    "INVALID_LISTENER",
    `advertised.listeners names ${others.join(", ")}; the listeners are ${[...names].join(", ")}`,
  );
}

function protocolOf(name: string, protocol: string | undefined): SecurityProtocol {
  // Narrowed: it is one of the set.
  if (protocol !== undefined && securityProtocols.has(protocol))
    return protocol as SecurityProtocol;
  const reason =
    protocol === undefined
      ? `no protocol; give one in listener.security.protocol.map, as ${name}:SASL_SSL`
      : `the protocol ${protocol}: take one of ${[...securityProtocols].join(", ")}`;
  throw new BrokerError("INVALID_LISTENER", `the listener ${name} has ${reason}`);
}

/**
 * Reads one of Kafka's listeners, such as `PLAINTEXT://127.0.0.1:9092` or `PLAINTEXT://:9092`.
 *
 * @throws BrokerError `INVALID_LISTENER`
 */
export function parseListener(text: string): {
  readonly name: string;
  readonly address: NetworkAddress;
} {
  const match = /^(?:([^:]+):\/\/)?(\[[^\]]+\]|[^:]*):(\d+)$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new BrokerError("INVALID_LISTENER", `${text} is no listener; give NAME://HOST:PORT`);
  const host = match[2].replace(/^\[|\]$/g, "");
  const name = (match[1] ?? "PLAINTEXT").toUpperCase();
  return { name, address: { host: host === "" ? "127.0.0.1" : host, port } };
}

function isEncryptedAndAsked(
  config: BrokerConfig,
  listener: Pick<ListenerPlan, "name" | "protocol">,
): boolean {
  if (listener.protocol === "SASL_SSL") return true;
  return listener.protocol === "SSL" && clientCertificatesOf(config, listener) === "required";
}

/** Without TLS all can be read on the way, and without authentication whoever comes may do anything. */
function insecureBind(host: string, name: string, protocol: SecurityProtocol): BrokerError {
  const lack =
    protocol === "SSL"
      ? "does not ask who they are: require certificates (ssl.client.auth=required), or take SASL_SSL"
      : "has no TLS: take SASL_SSL (listener.security.protocol.map), or SSL with ssl.client.auth=required";
  return new BrokerError(
    "INSECURE_BIND",
    `others can reach ${host}, and the listener ${name} ${lack}, bind 127.0.0.1, or say --insecure-listen (insecureListen: true) where the network is to be trusted`,
  );
}

/** Clients cannot connect to an address that stands for all of a machine's. */
function checkAdvertised(host: string): void {
  if (host !== "0.0.0.0" && host !== "::") return;
  throw new BrokerError(
    "INVALID_LISTENER",
    `clients cannot connect to ${host}: say in advertised.listeners how they reach this machine`,
  );
}
