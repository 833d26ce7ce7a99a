import type { Network } from "../network.ts";
import type { ClientTls, ServerTls } from "../tls.ts";

/** A network on which all speak TLS, so that it can be held to what every network does. */
export function overTls(network: Network, server: ServerTls, client: ClientTls): Network {
  return {
    listen: (address, accept) => network.listen(address, accept, server),
    connect: (address, signal) => network.connect(address, signal, client),
  };
}
