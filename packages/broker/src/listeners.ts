import type { NetworkAddress } from "@millrace/platform";
import { BrokerError } from "./broker-error.ts";
import type { BrokerConfig } from "./config/broker-config.ts";

/** Kafka: `SecurityProtocol`; those with TLS are not here yet. */
export type SecurityProtocol = "PLAINTEXT" | "SASL_PLAINTEXT";

/** One of the broker's listeners, as its properties say. */
export interface ListenerPlan {
  readonly name: string;
  readonly protocol: SecurityProtocol;
  readonly address: NetworkAddress;
  /** What clients are told; undefined: what is bound. */
  readonly advertised: NetworkAddress | undefined;
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
    if (given.insecureListen !== true) checkLoopback(host);
    const protocol = protocolOf(name, protocols.get(name));
    const told = advertised.get(name);
    checkAdvertised(told?.host ?? host);
    return { name, protocol, address: { host, port }, advertised: told };
  });
  const names = new Set(plans.map(({ name }) => name));
  if (plans.length === 0 || names.size < plans.length)
    throw new BrokerError("INVALID_LISTENER", "give listeners, each with a name of its own");
  return plans;
}

function protocolOf(name: string, protocol: string | undefined): SecurityProtocol {
  if (protocol === "PLAINTEXT" || protocol === "SASL_PLAINTEXT") return protocol;
  const reason =
    protocol === undefined
      ? `no protocol; give one in listener.security.protocol.map, as ${name}:SASL_PLAINTEXT`
      : `the protocol ${protocol}, which this broker does not speak: take PLAINTEXT or SASL_PLAINTEXT, and put a tunnel with TLS before it`;
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
  const match = /^(?:([A-Za-z0-9_]+):\/\/)?(\[[^\]]+\]|[^:]*):(\d+)$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new BrokerError("INVALID_LISTENER", `${text} is no listener; give NAME://HOST:PORT`);
  const host = match[2].replace(/^\[|\]$/g, "");
  const name = (match[1] ?? "PLAINTEXT").toUpperCase();
  return { name, address: { host: host === "" ? "127.0.0.1" : host, port } };
}

/**
 * Without TLS, what passwords and records are can be read on the way: so nobody else may reach a listener.
 *
 * @throws BrokerError `INSECURE_BIND`
 */
function checkLoopback(host: string): void {
  if (isLoopback(host)) return;
  throw new BrokerError(
    "INSECURE_BIND",
    `${host} can be reached by others, and this broker has no TLS yet: bind 127.0.0.1 and put a tunnel before it, or say --insecure-listen (insecureListen: true) where the network is to be trusted`,
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

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
