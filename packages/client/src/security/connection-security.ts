import type { ClientTls, Platform } from "@millrace/platform";
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

export function connectionSecurity(
  { fileSystem, random }: Platform,
  {
    ssl,
    sasl,
  }: { readonly ssl: true | SslOptions | undefined; readonly sasl: SaslOptions | undefined },
): ConnectionSecurity {
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
