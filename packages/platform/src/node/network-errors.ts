import { NetworkError, tlsFailure, type NetworkErrorCode } from "../network-error.ts";
import { errnoOf } from "./file-system-errors.ts";
import { tlsFailureOf } from "./tls-errors.ts";

const known: Readonly<Record<string, readonly [NetworkErrorCode, string]>> = {
  EADDRINUSE: ["ADDRESS_IN_USE", "the port is in use; stop what listens there, or take another"],
  EADDRNOTAVAIL: ["ADDRESS_NOT_AVAILABLE", "this machine has no such address"],
  EACCES: ["PERMISSION_DENIED", "permission denied; ports below 1024 need privileges"],
  EPERM: ["PERMISSION_DENIED", "not permitted; check the firewall and privileges"],
  ECONNREFUSED: ["CONNECTION_REFUSED", "nothing listens there; is the broker started?"],
  ECONNRESET: ["CONNECTION_RESET", "the peer broke the connection"],
  EPIPE: ["CONNECTION_RESET", "the peer has closed the connection"],
  ENOTFOUND: ["UNKNOWN_HOST", "the host name is not known; check its spelling and the DNS"],
  EAI_AGAIN: ["UNKNOWN_HOST", "the host name cannot be resolved now; check the DNS"],
};

/** Node's error as ours. */
export function networkError(action: string, cause: unknown): NetworkError {
  const ofTls = tlsFailureOf(cause);
  if (ofTls !== undefined) return tlsFailure(action, ofTls, cause);
  const errno = errnoOf(cause);
  const entry = known[errno];
  const [code, hint] = entry ?? ["NETWORK_FAILED", `the network failed (${errno})`];
  return new NetworkError(code, `cannot ${action}: ${hint}`, cause);
}

/** Of a connection that broke between its opening and the end of the handshake. */
export function handshakeError(action: string, cause: unknown): NetworkError {
  return tlsFailure(action, tlsFailureOf(cause) ?? "TLS_NOT_SPOKEN", cause);
}
