import type { ConnectOptions } from "millrace";

/** How the application reaches its cluster: by TLS, as the user `app`. */
export function secureCluster(servers: string, caFile: string, password: string): ConnectOptions {
  return {
    bootstrapServers: servers,
    ssl: { caFile },
    sasl: { mechanism: "SCRAM-SHA-512", username: "app", password },
  };
}
