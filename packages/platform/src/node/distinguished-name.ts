/**
 * The subject of a certificate by RFC 2253, character for character as Java's `X500Principal.getName()`
 * writes it: principals and their ACLs are that text.
 */
export function subjectOf(certificate: Uint8Array): string {
  const body = children(children(read(certificate, 0).content)[0].content);
  // version (where there is one), serial number, algorithm, issuer, validity, subject
  const subject = body[body[0].tag === explicitVersion ? 5 : 4];
  return children(subject.content)
    .map((step) => children(step.content).map(attribute).join("+"))
    .toReversed()
    .join(",");
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With tag and length. */
  readonly whole: Uint8Array;
}

const explicitVersion = 0xa0;
/** How the kinds of text are read; what is of another kind is told as its bytes. */
const encodings: Readonly<Record<number, string>> = {
  0x0c: "utf-8",
  0x13: "latin1", // PrintableString
  0x14: "latin1", // T61String
  0x16: "latin1", // IA5String
  0x1b: "latin1", // GeneralString
  0x1e: "utf-16be", // BMPString
};

/** All that RFC 2253 has words for, by the bytes of their object identifiers. */
const words: Readonly<Record<string, string>> = {
  "550403": "CN",
  "550406": "C",
  "550407": "L",
  "550408": "ST",
  "550409": "STREET",
  "55040a": "O",
  "55040b": "OU",
  "0992268993f22c640119": "DC",
  "0992268993f22c640101": "UID",
};

function attribute({ content }: Element): string {
  const [kind, value] = children(content);
  const word = words[hexOf(kind.content)];
  if (word === undefined) return `${dotted(kind.content)}=#${hexOf(value.whole)}`;
  const encoding = encodings[value.tag];
  if (encoding === undefined) return `${word}=#${hexOf(value.whole)}`;
  return `${word}=${escaped(new TextDecoder(encoding).decode(value.content))}`;
}

function escaped(value: string): string {
  return value
    .replaceAll(/[,=+<>#;"\\]/g, String.raw`\$&`)
    .replaceAll("\0", String.raw`\00`)
    .replaceAll(/^ +| +$/g, (spaces) => String.raw`\ `.repeat(spaces.length));
}

function dotted(bytes: Uint8Array): string {
  const arcs = [Math.min(2, Math.floor(bytes[0] / 40))];
  arcs.push(bytes[0] - arcs[0] * 40);
  let arc = 0;
  for (const byte of bytes.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join(".");
}

/** OpenSSL has read the certificate before: its lengths are right. */
function children(content: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length; at += found[found.length - 1].whole.length)
    found.push(read(content, at));
  return found;
}

function read(bytes: Uint8Array, at: number): Element {
  let length = bytes[at + 1];
  let start = at + 2;
  if (length >= 0x80) {
    const sizeBytes = length - 0x80;
    length = 0;
    for (let index = 0; index < sizeBytes; index++) length = length * 256 + bytes[start + index];
    start += sizeBytes;
  }
  const end = start + length;
  return {
    tag: bytes[at],
    content: bytes.subarray(start, end),
    whole: bytes.subarray(at, end),
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
