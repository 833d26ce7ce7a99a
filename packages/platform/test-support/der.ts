import { concatBytes } from "@millrace/model";

/** Distinguished encoding (X.690), as much of it as certificates and key files need. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...size), content);
}

export const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
export const set = (...parts: readonly Uint8Array[]) => der(0x31, ...parts);
export const octets = (bytes: Uint8Array) => der(0x04, bytes);
export const bits = (bytes: Uint8Array) => der(0x03, Uint8Array.of(0), bytes);
export const text = (value: string) => der(0x0c, new TextEncoder().encode(value));
export const printable = (value: string) => der(0x13, new TextEncoder().encode(value));
export const asciiText = (value: string) => der(0x16, new TextEncoder().encode(value));
export const none = der(0x05);
export const truth = der(0x01, Uint8Array.of(0xff));

/** Below 2^31. */
export function integer(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return der(0x02, bytes.subarray(value < 0x80 ? 3 : value < 0x8000 ? 2 : 0));
}

export function objectIdentifier(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (let arc of rest) {
    const groups = [arc & 0x7f];
    for (arc = Math.floor(arc / 128); arc > 0; arc = Math.floor(arc / 128))
      groups.unshift(0x80 | (arc & 0x7f));
    bytes.push(...groups);
  }
  return der(0x06, Uint8Array.from(bytes));
}

export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, "").replaceAll(/[-:T]/g, "");
  return der(0x18, new TextEncoder().encode(digits));
}
