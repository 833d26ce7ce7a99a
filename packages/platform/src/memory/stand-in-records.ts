import { concatBytes } from "@millrace/model";
import type { TlsFailureCode } from "../network-error.ts";

/** TLS's own framing, so that whoever does not speak it sees what he would see of the real one. */
const headBytes = 5;
const versionBytes = [3, 3];
export const handshakeRecord = 0x16;
export const alertRecord = 0x15;
const fatal = 2;

/** The alerts of RFC 8446 that the stand-in sends, and what they say to the one who hears them. */
export const alerts = {
  unexpected: 10,
  certificateUnknown: 46,
  version: 70,
  required: 116,
} as const;
export type Alert = keyof typeof alerts;

const heard: Readonly<Record<number, TlsFailureCode>> = {
  [alerts.unexpected]: "TLS_NOT_SPOKEN",
  [alerts.certificateUnknown]: "CERTIFICATE_REFUSED",
  [alerts.version]: "TLS_HANDSHAKE_FAILED",
  [alerts.required]: "CERTIFICATE_REFUSED",
};

export interface StandInRecord {
  readonly type: number;
  readonly body: Uint8Array;
}

export function handshakeMessage(message: unknown): Uint8Array {
  return record(handshakeRecord, new TextEncoder().encode(JSON.stringify(message)));
}

export function alertMessage(alert: Alert): Uint8Array {
  return record(alertRecord, Uint8Array.of(fatal, alerts[alert]));
}

export function alertFailure({ body }: StandInRecord): TlsFailureCode {
  return heard[body[1]] ?? "TLS_HANDSHAKE_FAILED";
}

/** Cuts a stream of bytes into records, up to the one that ends the handshake. */
export class StandInRecords {
  #bytes: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    this.#bytes = concatBytes(this.#bytes, chunk);
  }

  /** Undefined: more bytes must come; "foreign": this is no TLS. */
  next(): StandInRecord | "foreign" | undefined {
    const bytes = this.#bytes;
    if (bytes.length === 0) return undefined;
    if (bytes[0] !== handshakeRecord && bytes[0] !== alertRecord) return "foreign";
    if (bytes.length < headBytes) return undefined;
    const end = headBytes + bytes[3] * 256 + bytes[4];
    if (bytes.length < end) return undefined;
    this.#bytes = bytes.slice(end);
    return { type: bytes[0], body: bytes.slice(headBytes, end) };
  }

  /** What came behind the last record. */
  takeRest(): Uint8Array {
    const rest = this.#bytes;
    this.#bytes = new Uint8Array(0);
    return rest;
  }
}

function record(type: number, body: Uint8Array): Uint8Array {
  const head = [type, ...versionBytes, body.length >> 8, body.length & 0xff];
  return concatBytes(Uint8Array.from(head), body);
}
