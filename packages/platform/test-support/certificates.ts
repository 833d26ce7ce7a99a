import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { concatBytes } from "@millrace/model";
import type { StandInCertificate } from "../src/memory/stand-in-certificates.ts";
import * as d from "./der.ts";
import { pkcs12 } from "./pkcs12.ts";

const ecdsaWithSha256 = d.sequence(d.objectIdentifier("1.2.840.10045.4.3.2"));

/** Attributes of names, by the words for them. */
const attributes: Readonly<Record<string, string>> = {
  CN: "2.5.4.3",
  C: "2.5.4.6",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  DC: "0.9.2342.19200300.100.1.25",
  emailAddress: "1.2.840.113549.1.9.1",
};

const kinds: Readonly<Record<string, (value: string) => Uint8Array>> = {
  C: d.printable,
  DC: d.asciiText,
  emailAddress: d.asciiText,
};

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const authorities = new Map<string, Keys>();
const owners = new Map<number, Keys>();

/** The facts of a certificate for this machine; what is not given is good. */
export function facts(given: Partial<StandInCertificate> = {}): StandInCertificate {
  return {
    subject: "CN=localhost",
    names: ["localhost", "127.0.0.1"],
    issuer: "the authority",
    validFromMs: 0,
    validUntilMs: Date.UTC(2060, 0),
    serial: 1,
    ...given,
  };
}

/** Real certificates of the facts that the stand-in takes: keys on curve P-256, made for this process. */
export const realCertificates = {
  authority(name: string): string {
    const keys = keysOf(authorities, name);
    const subject = `CN=${name}`;
    return pem("CERTIFICATE", certificate(facts({ subject, issuer: name, names: [] }), keys, true));
  },

  identity(given: StandInCertificate, passphrase?: string) {
    const keys = keysOf(owners, given.serial);
    const key = keys.privateKey.export(
      passphrase === undefined
        ? { type: "pkcs8", format: "pem" }
        : { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase },
    );
    return { certificate: pem("CERTIFICATE", certificate(given, keys, false)), key: String(key) };
  },

  pkcs12(given: StandInCertificate, passphrase = ""): Uint8Array {
    const keys = keysOf(owners, given.serial);
    return pkcs12(certificate(given, keys, false), keys.privateKey, passphrase);
  },
};

function keysOf<Name>(from: Map<Name, Keys>, name: Name): Keys {
  let keys = from.get(name);
  if (keys === undefined)
    from.set(name, (keys = generateKeyPairSync("ec", { namedCurve: "P-256" })));
  return keys;
}

function certificate(given: StandInCertificate, { publicKey }: Keys, isAuthority: boolean) {
  const issuer = keysOf(authorities, given.issuer);
  const body = d.sequence(
    d.der(0xa0, d.integer(2)),
    d.integer(given.serial),
    ecdsaWithSha256,
    distinguishedName(`CN=${given.issuer}`),
    d.sequence(d.time(given.validFromMs), d.time(given.validUntilMs)),
    distinguishedName(given.subject),
    publicKey.export({ type: "spki", format: "der" }),
    d.der(0xa3, d.sequence(...extensions(given.names, isAuthority))),
  );
  return d.sequence(body, ecdsaWithSha256, d.bits(sign("sha256", body, issuer.privateKey)));
}

function extensions(names: readonly string[], isAuthority: boolean): Uint8Array[] {
  const constraints = d.sequence(
    d.objectIdentifier("2.5.29.19"),
    d.truth,
    d.octets(d.sequence(...(isAuthority ? [d.truth] : []))),
  );
  if (names.length === 0) return [constraints];
  const alternatives = d.sequence(...names.map(alternativeName));
  return [constraints, d.sequence(d.objectIdentifier("2.5.29.17"), d.octets(alternatives))];
}

function alternativeName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  return isIP(name) === 4
    ? d.der(0x87, Uint8Array.from(name.split("."), Number))
    : d.der(0x82, bytes);
}

/** "CN=ann,O=Acme" as RFC 2253 writes it: the most particular part first; "+" joins parts of one step. */
function distinguishedName(name: string): Uint8Array {
  const steps = name
    .split(/(?<!\\),/)
    .map((step) => d.set(...step.split(/(?<!\\)\+/).map(attribute)));
  return d.sequence(...steps.toReversed());
}

function attribute(part: string): Uint8Array {
  const at = part.indexOf("=");
  const word = part.slice(0, at);
  const value = part.slice(at + 1).replaceAll(/\\(.)/g, "$1");
  const kind = kinds[word] ?? d.text;
  return d.sequence(d.objectIdentifier(attributes[word]), kind(value));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** A Java key store starts so; the rest does not matter to who refuses it. */
export const javaKeyStore = concatBytes(
  Uint8Array.of(0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2),
  new Uint8Array(24),
);
