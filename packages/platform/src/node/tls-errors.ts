import { messageOf } from "@millrace/model";

import { NetworkError, type TlsFailureCode } from "../network-error.ts";
import { errnoOf } from "./file-system-errors.ts";

/** Of OpenSSL's checks of a chain, and of Node's of names. */
const byCode: Readonly<Record<string, TlsFailureCode>> = {
  CERT_HAS_EXPIRED: "CERTIFICATE_NOT_VALID_NOW",
  CERT_NOT_YET_VALID: "CERTIFICATE_NOT_VALID_NOW",
  ERR_TLS_CERT_ALTNAME_INVALID: "CERTIFICATE_OF_ANOTHER_HOST",
  HOSTNAME_MISMATCH: "CERTIFICATE_OF_ANOTHER_HOST",
  SELF_SIGNED_CERT_IN_CHAIN: "CERTIFICATE_NOT_TRUSTED",
  DEPTH_ZERO_SELF_SIGNED_CERT: "CERTIFICATE_NOT_TRUSTED",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "CERTIFICATE_NOT_TRUSTED",
  UNABLE_TO_GET_ISSUER_CERT: "CERTIFICATE_NOT_TRUSTED",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "CERTIFICATE_NOT_TRUSTED",
  CERT_SIGNATURE_FAILURE: "CERTIFICATE_NOT_TRUSTED",
  CERT_CHAIN_TOO_LONG: "CERTIFICATE_NOT_TRUSTED",
  CERT_REVOKED: "CERTIFICATE_NOT_TRUSTED",
  CERT_UNTRUSTED: "CERTIFICATE_NOT_TRUSTED",
  CERT_REJECTED: "CERTIFICATE_NOT_TRUSTED",
  INVALID_CA: "CERTIFICATE_NOT_TRUSTED",
  INVALID_PURPOSE: "CERTIFICATE_NOT_TRUSTED",
  PATH_LENGTH_EXCEEDED: "CERTIFICATE_NOT_TRUSTED",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "CERTIFICATE_NOT_TRUSTED",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "TLS_HANDSHAKE_FAILED",
  ERR_SSL_NO_SHARED_CIPHER: "TLS_HANDSHAKE_FAILED",
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: "TLS_HANDSHAKE_FAILED",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "TLS_HANDSHAKE_FAILED",
};

const wrongPassword = "the password of the key is wrong, or missing";

/** What is wrong with this side's own settings, in OpenSSL's words and Node's for it. */
const settingsAdvice: Readonly<Record<string, string>> = {
  ERR_OSSL_X509_KEY_VALUES_MISMATCH:
    "the first certificate is not the key's; put the key's own first, and those of its authorities behind it",
  ERR_OSSL_BAD_DECRYPT: wrongPassword,
  ERR_CRYPTO_UNSUPPORTED_OPERATION:
    "the PKCS12 store is locked by a cipher of old; write it anew: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW",
};

/** Node has no code for a store that does not open. */
const storeAdvice = "the PKCS12 store is none, or its password is wrong or missing";

export function settingsInvalid(cause: unknown, has: { readonly store: boolean }): NetworkError {
  const reason = messageOf(cause);
  const advice = adviceOf(cause, has);
  const what = advice === undefined ? reason : `${advice} (${reason})`;
  return new NetworkError("TLS_SETTINGS_INVALID", `TLS cannot be set up: ${what}`, cause);
}

function adviceOf(cause: unknown, has: { readonly store: boolean }): string | undefined {
  const code = errnoOf(cause);
  if (has.store && !code.startsWith("ERR_")) return storeAdvice;
  return settingsAdvice[code] ?? (isUnlockedByChance(cause) ? wrongPassword : undefined);
}

/** One wrong password of 256 leaves a key that ends as it should, and is nonsense. */
function isUnlockedByChance(cause: unknown): boolean {
  const { opensslErrorStack = [] } = cause as { readonly opensslErrorStack?: readonly string[] };
  return opensslErrorStack.some((one) => one.endsWith("PKCS12 routines::decode error"));
}

/** What a peer says before it closes (RFC 8446, 6.2), in OpenSSL's words for it. */
const alerts: readonly (readonly [RegExp, TlsFailureCode])[] = [
  [/ALERT_(\w+_)?CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_ACCESS_DENIED/, "CERTIFICATE_REFUSED"],
  [/ALERT_(PROTOCOL_VERSION|HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY)/, "TLS_HANDSHAKE_FAILED"],
];

/** Undefined: TLS has no part in it. */
export function tlsFailureOf(cause: unknown): TlsFailureCode | undefined {
  const code = errnoOf(cause);
  const known = byCode[code];
  if (known !== undefined) return known;
  if (!code.startsWith("ERR_SSL_") && code !== "EPROTO") return undefined;
  return alerts.find(([pattern]) => pattern.test(code))?.[1] ?? "TLS_NOT_SPOKEN";
}
