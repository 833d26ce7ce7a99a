import type { Headers } from "@millrace/model";

import { decodeAs, decodeText, type FormatName } from "./record-format.ts";

/** What is printed of a record. */
interface PrintedParts {
  readonly key: FormatName | undefined;
  readonly keys: boolean;
  readonly value: FormatName;
  readonly timestamps: boolean;
  readonly offsets: boolean;
  readonly headers: boolean;
  readonly json: boolean;
}

interface PrintedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** Prints records, a line each: as JSON with all there is, or what was asked for with tabs between. */
export function recordPrinter(
  parts: PrintedParts,
  print: (line: string) => void,
): (record: PrintedRecord) => void {
  const keyFormat = parts.key ?? (parts.keys || parts.json ? "string" : undefined);
  return (record) => {
    const { topic, partition, offset, timestamp } = record;
    const where = `of ${topic}-${partition} at offset ${offset}`;
    if (parts.json) {
      const key = decodeAs(keyFormat ?? "string", record.key, `the key ${where}`);
      const value = decodeAs(parts.value, record.value, `the value ${where}`);
      const headers = record.headers.map(([name, bytes]) => [name, decodeAs("string", bytes, "")]);
      print(JSON.stringify({ topic, partition, offset, timestamp, key, value, headers }));
      return;
    }
    const cells = [];
    if (parts.timestamps) cells.push(timeText(timestamp));
    if (parts.offsets) cells.push(`${partition}:${offset}`);
    if (parts.headers) cells.push(headersText(record.headers));
    if (keyFormat !== undefined) cells.push(decodeText(keyFormat, record.key, `the key ${where}`));
    cells.push(decodeText(parts.value, record.value, `the value ${where}`));
    print(cells.join("\t"));
  };
}

function headersText(headers: Headers): string {
  return headers.map(([name, bytes]) => `${name}=${decodeText("string", bytes, "")}`).join(",");
}

/** ISO where a date can hold it. */
function timeText(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
