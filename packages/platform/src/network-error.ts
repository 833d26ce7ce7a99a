import { BaseError } from "@millrace/model";

export type NetworkErrorCode =
  | "ADDRESS_IN_USE"
  | "ADDRESS_NOT_AVAILABLE"
  | "PERMISSION_DENIED"
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "UNKNOWN_HOST"
  | "NETWORK_FAILED"
  | "TLS_SETTINGS_INVALID"
  | "TLS_NOT_SPOKEN"
  | "TLS_HANDSHAKE_FAILED"
  | "CERTIFICATE_NOT_TRUSTED"
  | "CERTIFICATE_NOT_VALID_NOW"
  | "CERTIFICATE_OF_ANOTHER_HOST"
  | "CERTIFICATE_REFUSED";

/** `TLS_NOT_SPOKEN` among them: a server that is being stopped breaks handshakes as well. */
const retriable: ReadonlySet<NetworkErrorCode> = new Set([
  "CONNECTION_REFUSED",
  "CONNECTION_RESET",
  "NETWORK_FAILED",
  "UNKNOWN_HOST",
  "TLS_NOT_SPOKEN",
]);

/** A listener or connection that could not be had, or broke. */
export class NetworkError extends BaseError<NetworkErrorCode> {
  constructor(code: NetworkErrorCode, message: string, cause?: unknown) {
    super(code, message, { retriable: retriable.has(code), cause });
  }
}

/** What TLS says of its failures, the same in every network. `CERTIFICATE_REFUSED` is the peer's doing. */
export const tlsAdvice = {
  TLS_NOT_SPOKEN:
    "the peer broke off the TLS handshake, or answered with something else; does this port speak TLS?",
  TLS_HANDSHAKE_FAILED: "the two sides agree upon no version or cipher of TLS",
  CERTIFICATE_NOT_TRUSTED:
    "no trusted authority vouches for the peer's certificate; give the certificate of its authority (as `ca` or `caFile`, ssl.truststore.location in properties)",
  CERTIFICATE_NOT_VALID_NOW:
    "the peer's certificate is expired, or not valid yet; renew it, or look at the clocks",
  CERTIFICATE_OF_ANOTHER_HOST:
    "the peer's certificate is for other names; ask for it by one of them, or give that as `serverName`",
  CERTIFICATE_REFUSED:
    "the peer refuses this side's certificate, or asks for one; give one that it trusts",
} satisfies Partial<Record<NetworkErrorCode, string>>;

export type TlsFailureCode = keyof typeof tlsAdvice;

export function tlsFailure(action: string, code: TlsFailureCode, cause?: unknown): NetworkError {
  return new NetworkError(code, `cannot ${action}: ${tlsAdvice[code]}`, cause);
}

/** Whether the handshake failed, or the peer refused it afterwards. */
export function isTlsFailure(error: unknown): boolean {
  return error instanceof NetworkError && error.code in tlsAdvice;
}
