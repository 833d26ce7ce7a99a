import type { ClientTls, FileSystem } from "@millrace/platform";
import { type PropertyText, readKeyStore, readTrustStore } from "./key-stores.ts";
import { tlsChoice } from "./listener-tls.ts";

/**
 * How a client greets, as Kafka's `ssl.*` properties of clients say.
 *
 * @throws ConfigError `INVALID_PROPERTY`
 */
export function clientTls(text: PropertyText, files: FileSystem): ClientTls {
  const identity = readKeyStore(text, files);
  const ca = readTrustStore(text, files);
  const isNameChecked = text("ssl.endpoint.identification.algorithm") !== "";
  return {
    isNameChecked,
    ...tlsChoice(text),
    ...(ca === undefined ? {} : { ca }),
    ...(identity === undefined ? {} : { identity }),
  };
}
