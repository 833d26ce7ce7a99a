import { ClusterError } from "@millrace/cluster";
import type { NetworkAddress } from "@millrace/platform";

/** Kafka's usual port, where an address names none. */
const defaultPort = 9092;

/**
 * Addresses out of Kafka's `bootstrap.servers`: `"host:port,host:port"`, or a list of such.
 * IPv6 addresses stand in brackets.
 *
 * @throws ClusterError `BROKER_UNREACHABLE` for what is no address
 * @example parseBootstrapServers("kafka-1:9092,[::1]:9093")
 */
export function parseBootstrapServers(
  servers: string | readonly string[],
): readonly NetworkAddress[] {
  const texts = (typeof servers === "string" ? servers.split(",") : servers)
    .map((text) => text.trim())
    .filter((text) => text !== "");
  if (texts.length === 0) throw noAddress("", "give at least one");
  return texts.map((text) => {
    const match = /^(?:[A-Z_]+:\/\/)?(?:\[([^\]]+)\]|([^:\s/]+))(?::(\d+))?$/.exec(text);
    if (match === null) throw noAddress(text, "give host:port");
    const port = match[3] === undefined ? defaultPort : Number(match[3]);
    if (port < 1 || port > 65_535) throw noAddress(text, "a port is from 1 to 65535");
    return { host: match[1] ?? match[2], port };
  });
}

/** `host:port`, for messages and logs. */
export function addressName({ host, port }: NetworkAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function noAddress(text: string, advice: string): ClusterError {
  return new ClusterError("BROKER_UNREACHABLE", `"${text}" is no address of a broker; ${advice}`);
}
