import type { ClientTls, NetworkAddress, Platform } from "@millrace/platform";
import { oauthBearerClient } from "./oauth-bearer-client.ts";
import { plainClient } from "./plain-client.ts";
import type { SaslClientMechanism } from "./sasl-client.ts";
import { scramClient } from "./scram-client.ts";
import type { SaslOptions, SslOptions } from "./security-options.ts";
import { tlsSource } from "./tls-source.ts";

/** How all connections of a client are made safe. */
export interface ConnectionSecurity {
  /** Asked for each connection; undefined: without TLS. */
  readonly tls: (() => ClientTls) | undefined;
  /** Undefined: the client does not show who it is. */
  readonly sasl: SaslClientMechanism | undefined;
}

export interface SecurityOptions {
  readonly bootstrap: readonly NetworkAddress[];
  readonly ssl: true | SslOptions | undefined;
  readonly sasl: SaslOptions | undefined;
}

/** Mechanisms that send what opens the door, and so want TLS beneath. */
const openMechanisms: ReadonlySet<string> = new Set(["PLAIN", "OAUTHBEARER"]);

export function connectionSecurity(
  { fileSystem, random, logger }: Platform,
  { bootstrap, ssl, sasl }: SecurityOptions,
): ConnectionSecurity {
  const isReadable = ssl === undefined && sasl !== undefined && openMechanisms.has(sasl.mechanism);
  if (isReadable && !bootstrap.every(({ host }) => isLoopback(host)))
    logger.log("warn", "client.secret-in-clear", {
      mechanism: sasl.mechanism,
      advice: "without ssl it can be read on the way; give ssl, or take SCRAM",
    });
  return {
    tls: ssl === undefined ? undefined : tlsSource(ssl, fileSystem),
    sasl: sasl === undefined ? undefined : mechanismOf(sasl, random),
  };
}

function mechanismOf(sasl: SaslOptions, random: Platform["random"]): SaslClientMechanism {
  if ("begin" in sasl) return sasl;
  switch (sasl.mechanism) {
    case "PLAIN":
      return plainClient(sasl);
    case "SCRAM-SHA-256":
    case "SCRAM-SHA-512":
      return scramClient(sasl.mechanism, sasl, random);
    case "OAUTHBEARER":
      return oauthBearerClient(sasl.token);
    default: {
      const never: never = sasl;
      return never;
    }
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
