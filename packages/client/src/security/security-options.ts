import type { TlsVersion } from "@millrace/platform";
import type { BearerTokenProvider } from "./oauth-bearer-client.ts";
import type { SaslClientMechanism } from "./sasl-client.ts";
import type { ScramName } from "./scram-client.ts";

/** TLS. Files are read again for each connection, so that renewed ones are used. */
export interface SslOptions {
  /** PEM texts of the authorities that may vouch for brokers; without them those that the host trusts. */
  readonly ca?: string | readonly string[];
  /** The same as a file. */
  readonly caFile?: string;
  /** Shown to brokers that ask for it: PEM, with its chain. */
  readonly certificate?: string;
  readonly certificateFile?: string;
  /** PEM (PKCS8). */
  readonly key?: string;
  /** Default: the file of the certificate, which may hold both. */
  readonly keyFile?: string;
  /** Certificate and key as one file. */
  readonly pkcs12File?: string;
  /** Opens the key, or the PKCS12 file. */
  readonly passphrase?: string;
  /** The name looked for in a broker's certificate; without it the host that is connected to. */
  readonly serverName?: string;
  /** False: any name. Then whoever has a certificate of the same authority can stand between. */
  readonly isNameChecked?: boolean;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  /** By their IANA names. */
  readonly ciphers?: readonly string[];
}

/** How a client shows who it is. */
export type SaslOptions =
  | {
      readonly mechanism: "PLAIN" | ScramName;
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: ScramName;
      /** A delegation token's id. */
      readonly username: string;
      /** Its HMAC. */
      readonly password: string;
      readonly isDelegationToken: true;
    }
  | { readonly mechanism: "OAUTHBEARER"; readonly token: BearerTokenProvider }
  | SaslClientMechanism;

const texts = [
  "caFile",
  "certificate",
  "certificateFile",
  "key",
  "keyFile",
  "pkcs12File",
  "passphrase",
  "serverName",
] as const;
const versions: readonly unknown[] = [undefined, "TLSv1.2", "TLSv1.3"];
const sslNames: ReadonlySet<string> = new Set([
  ...texts,
  "ca",
  "isNameChecked",
  "minVersion",
  "maxVersion",
  "ciphers",
]);

/** What `ssl` takes. */
export function isSsl(given: unknown): given is true | SslOptions {
  if (given === true) return true;
  if (!isObject(given)) return false;
  const { ca, isNameChecked, minVersion, maxVersion, ciphers } = given;
  const hasKnownNames = Object.keys(given).every((name) => sslNames.has(name));
  const hasTexts = texts.every((name) => given[name] === undefined || isText(given[name]));
  const isCa = ca === undefined || isText(ca) || isTexts(ca);
  const isIdentity =
    (given["certificate"] === undefined) === (given["key"] === undefined) &&
    (given["keyFile"] === undefined || given["certificateFile"] !== undefined);
  const isOneIdentity =
    ["certificate", "certificateFile", "pkcs12File"].filter((name) => given[name] !== undefined)
      .length <= 1;
  const isChoice =
    (isNameChecked === undefined || typeof isNameChecked === "boolean") &&
    versions.includes(minVersion) &&
    versions.includes(maxVersion) &&
    (ciphers === undefined || isTexts(ciphers));
  return hasKnownNames && hasTexts && isCa && isIdentity && isOneIdentity && isChoice;
}

/** What `sasl` takes. */
export function isSasl(given: unknown): given is SaslOptions {
  if (!isObject(given) || !isText(given["mechanism"])) return false;
  if (typeof given["begin"] === "function") return true;
  if (given["mechanism"] === "OAUTHBEARER") return typeof given["token"] === "function";
  const isKnown = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"].includes(given["mechanism"]);
  return isKnown && isText(given["username"]) && isText(given["password"]);
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null;
}

function isText(given: unknown): given is string {
  return typeof given === "string" && given !== "";
}

function isTexts(given: unknown): boolean {
  return Array.isArray(given) && given.length > 0 && given.every(isText);
}
