import type { NetworkAddress } from "@millrace/platform";
import { BrokerError } from "./broker-error.ts";

/**
 * Reads one of Kafka's listeners, such as `PLAINTEXT://127.0.0.1:9092` or `PLAINTEXT://:9092`.
 *
 * @throws BrokerError `INVALID_LISTENER`
 */
export function parseListener(text: string): NetworkAddress {
  const match = /^(?:[A-Z_]+:\/\/)?(\[[^\]]+\]|[^:]*):(\d+)$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65_535)
    throw new BrokerError("INVALID_LISTENER", `${text} is no listener; give PLAINTEXT://HOST:PORT`);
  const host = match[1].replace(/^\[|\]$/g, "");
  return { host: host === "" ? "127.0.0.1" : host, port };
}

/**
 * Anybody who reaches a listener may do anything, until there is authentication: so nobody else may reach it.
 *
 * @throws BrokerError `INSECURE_BIND`
 */
export function checkLoopback(host: string): void {
  const isLoopback = host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
  if (isLoopback) return;
  throw new BrokerError(
    "INSECURE_BIND",
    `${host} can be reached by others, and this broker has no TLS and no authentication yet: bind 127.0.0.1, and put a tunnel before it`,
  );
}
