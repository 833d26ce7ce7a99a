import { decodeUtf8 } from "@millrace/model";
import type { ClientTls, FileSystem, TlsIdentity } from "@millrace/platform";
import type { SslOptions } from "./security-options.ts";

const fileBytesMax = 4 * 1024 * 1024;

/**
 * How each connection greets. As long as the files are the same it is the same object, so that what is
 * made of it is made once.
 *
 * The function throws a FileSystemError for a file that cannot be read.
 */
export function tlsSource(ssl: true | SslOptions, files: FileSystem): () => ClientTls {
  if (ssl === true) {
    const plain: ClientTls = {};
    return () => plain;
  }
  const paths = [ssl.caFile, ssl.certificateFile, ssl.keyFile, ssl.pkcs12File];
  let known: readonly (Uint8Array | undefined)[] = [];
  let tls: ClientTls | undefined;
  return () => {
    const read = paths.map((path) => (path === undefined ? undefined : readFile(path, files)));
    const isSame = read.every((bytes, index) => isEqual(bytes, known[index]));
    if (tls !== undefined && isSame) return tls;
    tls = tlsOf(ssl, read);
    known = read;
    return tls;
  };
}

function tlsOf(ssl: SslOptions, read: readonly (Uint8Array | undefined)[]): ClientTls {
  const [caFile, certificateFile, keyFile, pkcs12] = read;
  const { serverName, isNameChecked, minVersion, maxVersion, ciphers, passphrase } = ssl;
  const given = ssl.ca ?? (caFile && decodeUtf8(caFile));
  const certificate = ssl.certificate ?? (certificateFile && decodeUtf8(certificateFile));
  const key = ssl.key ?? (keyFile && decodeUtf8(keyFile)) ?? certificate;
  const lock = passphrase === undefined ? {} : { passphrase };
  let identity: TlsIdentity | undefined;
  if (pkcs12 !== undefined) identity = { pkcs12, ...lock };
  else if (certificate !== undefined && key !== undefined) identity = { certificate, key, ...lock };
  const all: { -readonly [Name in keyof ClientTls]: ClientTls[Name] | undefined } = {
    ca: typeof given === "string" ? [given] : given,
    identity,
    serverName,
    isNameChecked,
    minVersion,
    maxVersion,
    ciphers,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function readFile(path: string, files: FileSystem): Uint8Array {
  const file = files.open(path, "read");
  try {
    const bytes = new Uint8Array(Math.min(file.sizeBytes(), fileBytesMax));
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

function isEqual(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
