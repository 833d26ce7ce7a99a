import { createHash, createHmac, type KeyObject } from "node:crypto";
import { concatBytes } from "@millrace/model";
import * as d from "./der.ts";

const dataContent = d.objectIdentifier("1.2.840.113549.1.7.1");
const keyBag = d.objectIdentifier("1.2.840.113549.1.12.10.1.2");
const certificateBag = d.objectIdentifier("1.2.840.113549.1.12.10.1.3");
const x509 = d.objectIdentifier("1.2.840.113549.1.9.22.1");
const sha256 = d.sequence(d.objectIdentifier("2.16.840.1.101.3.4.2.1"), d.none);

/** That the two belong together, without which Java sees no key. */
const attributes = d.set(
  d.sequence(d.objectIdentifier("1.2.840.113549.1.9.21"), d.set(d.octets(Uint8Array.of(1)))),
);

/** A PKCS12 file (RFC 7292) of one certificate, in the clear, and its key, which the passphrase locks. */
export function pkcs12(certificate: Uint8Array, key: KeyObject, passphrase: string): Uint8Array {
  const locked = key.export({ type: "pkcs8", format: "der", cipher: "aes-256-cbc", passphrase });
  const certificateOnly = d.sequence(x509, d.der(0xa0, d.octets(certificate)));
  const safe = d.sequence(
    data(d.sequence(d.sequence(certificateBag, d.der(0xa0, certificateOnly), attributes))),
    data(d.sequence(d.sequence(keyBag, d.der(0xa0, locked), attributes))),
  );
  const salt = Uint8Array.from({ length: 8 }, (_, index) => index);
  const digest = createHmac("sha256", macKey(passphrase, salt)).update(safe).digest();
  const mac = d.sequence(
    d.sequence(sha256, d.octets(digest)),
    d.octets(salt),
    d.integer(iterations),
  );
  return d.sequence(d.integer(3), data(safe), mac);
}

function data(content: Uint8Array): Uint8Array {
  return d.sequence(dataContent, d.der(0xa0, d.octets(content)));
}

const iterations = 1000;
const macPurpose = 3;
const blockBytes = 64;

/** Appendix B of the RFC; one round is as long as the key. */
function macKey(passphrase: string, salt: Uint8Array): Uint8Array {
  const password = Buffer.from(`${passphrase}\0`, "utf16le").swap16();
  let key: Uint8Array = concatBytes(
    new Uint8Array(blockBytes).fill(macPurpose),
    repeated(salt),
    repeated(password),
  );
  for (let lap = 0; lap < iterations; lap++) key = createHash("sha256").update(key).digest();
  return key;
}

function repeated(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil(bytes.length / blockBytes) * blockBytes;
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length]);
}
