import { NetworkError } from "../network-error.ts";
import type { TlsIdentity } from "../tls.ts";

/**
 * What the stand-in takes for a certificate: the same facts, and no secret. Who has the text of a key
 * is its owner, as with a real one.
 */
export interface StandInCertificate {
  readonly subject: string;
  /** Host names and addresses that it is for. */
  readonly names: readonly string[];
  /** The authority that vouches for it. */
  readonly issuer: string;
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** Tells apart what two certificates of one subject are keys of. */
  readonly serial: number;
}

const certificateLine = "stand-in certificate ";
const keyLine = "stand-in key ";
const authorityLine = "stand-in authority ";

/** The text of an authority, for `ca`. */
function standInAuthority(name: string): string {
  return authorityLine + name;
}

/** A certificate and its key, as texts. A passphrase locks the key. */
function standInIdentity(
  certificate: StandInCertificate,
  passphrase?: string,
): { readonly certificate: string; readonly key: string } {
  const key = { serial: certificate.serial, passphrase };
  return {
    certificate: certificateLine + JSON.stringify(certificate),
    key: keyLine + JSON.stringify(key),
  };
}

/** The same as one file, which a passphrase locks. */
function standInPkcs12(certificate: StandInCertificate, passphrase?: string): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(standInIdentity(certificate, passphrase)));
}

/** Makes them. */
export const standInCertificates = {
  authority: standInAuthority,
  identity: standInIdentity,
  pkcs12: standInPkcs12,
};

/** @throws NetworkError `TLS_SETTINGS_INVALID` where the texts are none, do not belong together, or stay locked */
export function openStandInIdentity(identity: TlsIdentity): StandInCertificate {
  const { passphrase } = identity;
  const texts = "pkcs12" in identity ? unpack(identity.pkcs12) : identity;
  const certificate = read(texts.certificate, certificateLine) as StandInCertificate;
  const key = read(texts.key, keyLine) as { serial: number; passphrase?: string };
  if (key.passphrase !== undefined && key.passphrase !== passphrase)
    throw invalid("the passphrase does not open the key");
  if (key.serial !== certificate.serial) throw invalid("the key is not the certificate's");
  return certificate;
}

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function readStandInAuthorities(ca: readonly string[] = []): readonly string[] {
  return ca.map((text) => {
    if (!text.startsWith(authorityLine)) throw invalid("an authority cannot be read");
    return text.slice(authorityLine.length);
  });
}

function unpack(bytes: Uint8Array): { certificate: string; key: string } {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as { certificate: string; key: string };
  } catch (cause) {
    throw invalid("the PKCS12 file cannot be read", cause);
  }
}

function read(text: string, line: string): unknown {
  if (!text.startsWith(line)) throw invalid("a certificate or key cannot be read");
  return JSON.parse(text.slice(line.length));
}

function invalid(what: string, cause?: unknown): NetworkError {
  return new NetworkError("TLS_SETTINGS_INVALID", `TLS cannot be set up: ${what}`, cause);
}
