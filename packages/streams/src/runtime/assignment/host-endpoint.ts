/** Where a process answers queries (Kafka: `HostInfo`). */
export interface HostEndpoint {
  readonly host: string;
  readonly port: number;
}

/** Kafka's form of `application.server`: a scheme before, and brackets around an IPv6 address, are left out. */
const form = /^(?:[0-9a-zA-Z\-%._]*:\/\/)?\[?([0-9a-zA-Z\-%._:]*)\]?:([0-9]+)$/;

/** Undefined for what is none. */
export function parseHostEndpoint(text: string): HostEndpoint | undefined {
  const match = form.exec(text);
  if (match === null || match[1] === "" || Number(match[2]) > 65_535) return undefined;
  return { host: match[1], port: Number(match[2]) };
}
