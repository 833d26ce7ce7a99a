import { decodeUtf8 } from "@millrace/model";
import type { FileSystem, TlsIdentity } from "@millrace/platform";
import { ConfigError } from "../../config/config-error.ts";
import { pemBlocks } from "./pem.ts";

/** The value of one of Kafka's properties, or what stands for it; null: nothing. */
export type PropertyText = (name: string) => string | null;

const storeBytesMax = 4 * 1024 * 1024;

/**
 * Who this side is, as `ssl.keystore.*` say. Undefined: they say nothing.
 *
 * @throws ConfigError `INVALID_PROPERTY`; it shows no part of a key
 */
export function readKeyStore(text: PropertyText, files: FileSystem): TlsIdentity | undefined {
  const location = text("ssl.keystore.location");
  const chain = text("ssl.keystore.certificate.chain");
  const key = text("ssl.keystore.key");
  const keyPassword = text("ssl.key.password") ?? undefined;
  if (chain !== null || key !== null) {
    if (chain === null || key === null)
      throw refused("ssl.keystore.key", "give ssl.keystore.certificate.chain and ssl.keystore.key");
    if (typeOf(text, "ssl.keystore") !== "PEM")
      throw refused("ssl.keystore.type", "keys that are given as texts need PEM");
    return pemIdentity("ssl.keystore.key", `${chain}\n${key}`, keyPassword);
  }
  if (location === null) return undefined;
  const bytes = readStore("ssl.keystore.location", location, files);
  if (typeOf(text, "ssl.keystore") === "PEM")
    return pemIdentity("ssl.keystore.location", decodeUtf8(bytes), keyPassword);
  checkPkcs12("ssl.keystore", location, bytes);
  const password = text("ssl.keystore.password") ?? undefined;
  if (keyPassword !== undefined && password !== undefined && keyPassword !== password)
    throw refused("ssl.key.password", "one password must open the store and its key");
  const passphrase = password ?? keyPassword;
  return { pkcs12: bytes, ...(passphrase === undefined ? {} : { passphrase }) };
}

/**
 * The authorities that may vouch for the other side, as `ssl.truststore.*` say. Undefined: those that
 * the host trusts.
 *
 * @throws ConfigError `INVALID_PROPERTY`
 */
export function readTrustStore(
  text: PropertyText,
  files: FileSystem,
): readonly string[] | undefined {
  const given = text("ssl.truststore.certificates");
  const location = text("ssl.truststore.location");
  if (given === null && location === null) return undefined;
  const name = given === null ? "ssl.truststore.location" : "ssl.truststore.certificates";
  const isPem = typeOf(text, "ssl.truststore") === "PEM";
  if (!isPem && location !== null && given === null)
    throw notSaidToBePem(location, readStore(name, location, files));
  if (!isPem) throw refused("ssl.truststore.type", "certificates that are given as texts need PEM");
  // As in Kafka: who gives one expects that it protects something.
  if ((text("ssl.truststore.password") ?? "") !== "")
    throw refused(
      "ssl.truststore.password",
      "certificates that are trusted are PEM, which no password locks; take it out",
    );
  const content = given ?? decodeUtf8(readStore(name, location ?? "", files));
  const certificates = pemBlocks(content).filter(({ label }) => label === "CERTIFICATE");
  if (certificates.length === 0) throw refused(name, "there is no CERTIFICATE in it");
  return certificates.map((one) => one.text);
}

function pemIdentity(name: string, content: string, passphrase: string | undefined): TlsIdentity {
  const blocks = pemBlocks(content);
  const key = blocks.find(({ label }) => label.endsWith("PRIVATE KEY"));
  const chain = blocks.filter(({ label }) => label === "CERTIFICATE");
  if (key === undefined) throw refused(name, "there is no PRIVATE KEY in it");
  if (chain.length === 0) throw refused(name, "there is no CERTIFICATE in it");
  return {
    certificate: chain.map(({ text }) => text).join(""),
    key: key.text,
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function typeOf(text: PropertyText, stem: "ssl.keystore" | "ssl.truststore"): string {
  const type = (text(`${stem}.type`) ?? "JKS").toUpperCase();
  if (type === "PEM" || type === "PKCS12" || type === "JKS") return type;
  throw refused(`${stem}.type`, `${type} is not read: take PEM or PKCS12`);
}

const javaKeyStore = [0xfe, 0xed, 0xfe, 0xed];
const derSequence = 0x30;

/** By its content, as Java reads it: a store that is said to be JKS, as is the default, may be PKCS12. */
function checkPkcs12(stem: string, location: string, bytes: Uint8Array): void {
  if (bytes[0] === derSequence) return;
  if (javaKeyStore.every((byte, index) => bytes[index] === byte))
    throw refused(
      `${stem}.location`,
      `${location} is a Java key store (JKS); convert it: keytool -importkeystore -srckeystore ${location} -destkeystore ${location}.p12 -deststoretype PKCS12`,
    );
  const isPem = pemBlocks(decodeUtf8(bytes)).length > 0;
  throw refused(
    `${stem}.location`,
    isPem ? `${location} is PEM: set ${stem}.type=PEM` : `${location} is no PKCS12 store`,
  );
}

/** Java's own default is JKS, so that a file which is PEM has to be said to be so. */
function notSaidToBePem(location: string, bytes: Uint8Array): ConfigError {
  const isPem = pemBlocks(decodeUtf8(bytes)).length > 0;
  return refused(
    "ssl.truststore.type",
    isPem
      ? `${location} is PEM: set ssl.truststore.type=PEM`
      : `trusted certificates are read as PEM; convert them: keytool -list -rfc -keystore ${location} > ${location}.pem, and set PEM`,
  );
}

function readStore(name: string, location: string, files: FileSystem): Uint8Array {
  try {
    const file = files.open(location, "read");
    try {
      const bytes = new Uint8Array(Math.min(file.sizeBytes(), storeBytesMax));
      return bytes.subarray(0, file.read(bytes, 0));
    } finally {
      file.close();
    }
  } catch (cause) {
    throw refused(name, `${location} cannot be read: ${String(cause)}`);
  }
}

function refused(name: string, reason: string): ConfigError {
  return new ConfigError("INVALID_PROPERTY", name, `${name}: ${reason}`);
}
