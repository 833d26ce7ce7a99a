import type { NetworkAddress } from "../network.ts";
import type { TlsFailureCode } from "../network-error.ts";
import type { ClientTls, PeerCertificate, ServerTls, TlsVersion } from "../tls.ts";
import {
  openStandInIdentity,
  readStandInAuthorities,
  type StandInCertificate,
} from "./stand-in-certificates.ts";
import type { Alert } from "./stand-in-records.ts";

/** What one side does with what the other one said. */
export type HandshakeStep =
  | { readonly kind: "say"; readonly message: unknown }
  | {
      readonly kind: "agree";
      readonly message?: unknown;
      readonly peerCertificate?: PeerCertificate;
    }
  | { readonly kind: "refuse"; readonly code: TlsFailureCode; readonly alert: Alert };

/**
 *   client                            server
 *     | -- versions ------------------> |
 *     | <-- certificate, asks? -------- |   the client checks it
 *     | -- certificate, or none ------> |   the server checks it
 *     | <-- agreed -------------------- |
 */
export interface Handshake {
  /** What is said unasked. */
  readonly opening: unknown;
  answer(message: Readonly<Record<string, unknown>>): HandshakeStep;
}

interface Hello {
  readonly min: TlsVersion;
  readonly max: TlsVersion;
}

interface ServerHello {
  readonly certificate: StandInCertificate;
  readonly isAsking: boolean;
}

export interface OpenedServerTls {
  readonly certificate: StandInCertificate;
  readonly tls: ServerTls;
  readonly authorities: readonly string[];
}

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function openServerTls(tls: ServerTls): OpenedServerTls {
  const certificate = openStandInIdentity(tls.identity);
  return { certificate, tls, authorities: readStandInAuthorities(tls.ca) };
}

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function clientHandshake(
  tls: ClientTls,
  { host }: NetworkAddress,
  nowMs: () => number,
): Handshake {
  const own = tls.identity === undefined ? undefined : openStandInIdentity(tls.identity);
  const authorities = readStandInAuthorities(tls.ca);
  return {
    opening: versionsOf(tls),
    answer: (message) => {
      if ("isAgreed" in message) return { kind: "agree" };
      const { certificate, isAsking } = message as unknown as ServerHello;
      const name = tls.serverName ?? host;
      const flaw =
        flawOf(certificate, authorities, nowMs()) ??
        (tls.isNameChecked !== false && !certificate.names.includes(name)
          ? "CERTIFICATE_OF_ANOTHER_HOST"
          : undefined);
      if (flaw !== undefined) return { kind: "refuse", code: flaw, alert: "certificateUnknown" };
      return { kind: "say", message: { certificate: isAsking ? own : undefined } };
    },
  };
}

export function serverHandshake(
  { certificate, tls, authorities }: OpenedServerTls,
  nowMs: () => number,
): Handshake {
  const { clientCertificates = "none" } = tls;
  return {
    opening: undefined,
    answer: (message) => {
      if ("min" in message) {
        if (!overlap(versionsOf(tls), message as unknown as Hello))
          return { kind: "refuse", code: "TLS_HANDSHAKE_FAILED", alert: "version" };
        const isAsking = clientCertificates !== "none";
        return { kind: "say", message: { certificate, isAsking } };
      }
      const shown = message["certificate"] as StandInCertificate | undefined;
      if (shown === undefined) {
        if (clientCertificates === "required")
          return { kind: "refuse", code: "CERTIFICATE_NOT_TRUSTED", alert: "required" };
        return { kind: "agree", message: { isAgreed: true } };
      }
      const flaw = flawOf(shown, authorities, nowMs());
      if (flaw !== undefined) return { kind: "refuse", code: flaw, alert: "certificateUnknown" };
      const peerCertificate = { subject: shown.subject };
      return { kind: "agree", message: { isAgreed: true }, peerCertificate };
    },
  };
}

function flawOf(
  certificate: StandInCertificate,
  authorities: readonly string[],
  nowMs: number,
): TlsFailureCode | undefined {
  if (!authorities.includes(certificate.issuer)) return "CERTIFICATE_NOT_TRUSTED";
  const isValidNow = nowMs >= certificate.validFromMs && nowMs < certificate.validUntilMs;
  return isValidNow ? undefined : "CERTIFICATE_NOT_VALID_NOW";
}

function versionsOf({ minVersion = "TLSv1.2", maxVersion = "TLSv1.3" }: ClientTls | ServerTls) {
  return { min: minVersion, max: maxVersion };
}

/** The names sort as the versions do. */
function overlap(left: Hello, right: Hello): boolean {
  return left.min <= right.max && right.min <= left.max;
}
