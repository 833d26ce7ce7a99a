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

/** The text of an authority, for `ca`. */
function standInAuthority(name: string): string {
  return pem("CERTIFICATE", { authority: name });
}

/** A certificate and its key, as texts. A passphrase locks the key. */
function standInIdentity(
  certificate: StandInCertificate,
  passphrase?: string,
): { readonly certificate: string; readonly key: string } {
  const key = { serial: certificate.serial, passphrase };
  return { certificate: pem("CERTIFICATE", certificate), key: pem("PRIVATE KEY", key) };
}

/** As that of a real PKCS12 file. */
const firstByte = 0x30;

/** The same as one file, which a passphrase locks. */
function standInPkcs12(certificate: StandInCertificate, passphrase?: string): Uint8Array {
  const text = JSON.stringify(standInIdentity(certificate, passphrase));
  return Uint8Array.of(firstByte, ...new TextEncoder().encode(text));
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
  const certificate = read(texts.certificate, "CERTIFICATE") as StandInCertificate;
  const key = read(texts.key, "PRIVATE KEY") as { serial: number; passphrase?: string };
  if (key.passphrase !== undefined && key.passphrase !== passphrase)
    throw invalid("the passphrase does not open the key");
  if (key.serial !== certificate.serial) throw invalid("the key is not the certificate's");
  return certificate;
}

/** @throws NetworkError `TLS_SETTINGS_INVALID` */
export function readStandInAuthorities(ca: readonly string[] = []): readonly string[] {
  return ca.map((text) => (read(text, "CERTIFICATE") as { authority: string }).authority);
}

function unpack(bytes: Uint8Array): { certificate: string; key: string } {
  try {
    const text = new TextDecoder().decode(bytes.subarray(1));
    return JSON.parse(text) as { certificate: string; key: string };
  } catch (cause) {
    throw invalid("the PKCS12 file cannot be read", cause);
  }
}

/** In the form of real ones, so that whatever looks for it finds it. */
function pem(label: string, content: unknown): string {
  const text = btoa(encodeURIComponent(JSON.stringify(content)));
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}

function read(text: string, label: string): unknown {
  const content = new RegExp(`-----BEGIN ${label}-----([^-]+)-----END`).exec(text)?.[1];
  if (content === undefined) throw invalid(`there is no ${label}`);
  return JSON.parse(decodeURIComponent(atob(content.replaceAll(/\s+/g, ""))));
}

function invalid(what: string, cause?: unknown): NetworkError {
  return new NetworkError("TLS_SETTINGS_INVALID", `TLS cannot be set up: ${what}`, cause);
}
