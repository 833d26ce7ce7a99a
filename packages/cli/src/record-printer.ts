import type { Headers } from "@millrace/model";

import { decodeAs } from "./record-format.ts";
import { plainForm, type ShownForm } from "./record-form.ts";

/** What is printed of a record. */
interface PrintedParts {
  /** Undefined: keys are not printed, but as text where all is. */
  readonly key: ShownForm | undefined;
  readonly value: ShownForm;
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

/**
 * Prints records, a line each: as JSON with all there is, or what was asked for with tabs between. A record is printed
 * whole or, where its form throws, not at all.
 */
export function recordPrinter(
  parts: PrintedParts,
  print: (line: string) => void,
): (record: PrintedRecord) => void {
  const keyForm = parts.key ?? (parts.json ? plainForm("string") : undefined);
  return (record) => {
    const { topic, partition, offset, timestamp, headers } = record;
    const where = `of ${topic}-${partition} at offset ${offset}`;
    const shown = (form: ShownForm, bytes: Uint8Array | null, part: string): unknown =>
      bytes === null ? null : form.decode(bytes, headers, `the ${part} ${where}`);
    if (parts.json) {
      const key = keyForm === undefined ? null : shown(keyForm, record.key, "key");
      const value = shown(parts.value, record.value, "value");
      const texts = headers.map(([name, bytes]) => [name, decodeAs("string", bytes, "")]);
      print(JSON.stringify({ topic, partition, offset, timestamp, key, value, headers: texts }));
      return;
    }
    const cells = [];
    if (parts.timestamps) cells.push(timeText(timestamp));
    if (parts.offsets) cells.push(`${partition}:${offset}`);
    if (parts.headers) cells.push(inCell(headersText(headers)));
    if (keyForm !== undefined)
      cells.push(inCell(textOf(keyForm, shown(keyForm, record.key, "key"))));
    const value = textOf(parts.value, shown(parts.value, record.value, "value"));
    cells.push(inLine(value));
    print(cells.join("\t"));
  };
}

/** Without line breaks, nor what a terminal obeys to. Tabs stay: a value is the last of its line. */
function inLine(text: string): string {
  return text.replace(/(?!\t)\p{Cc}/gu, escaped);
}

/** Nor tabs. */
function inCell(text: string): string {
  return inLine(text.replaceAll("\t", "\\t"));
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Texts stand as they are, all else as JSON. */
function textOf(form: ShownForm, value: unknown): string {
  return typeof value === "string" && !form.isJson ? value : JSON.stringify(value);
}

function headersText(headers: Headers): string {
  return headers
    .map(([name, bytes]) => `${name}=${String(decodeAs("string", bytes, ""))}`)
    .join(",");
}

/** ISO where a date can hold it. */
function timeText(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString();
}
