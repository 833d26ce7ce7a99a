import { messageOf, type Headers } from "@millrace/model";

import { isQueryErrorCode, QueryError } from "../error/query-error.ts";
import type { AnswerHead, AnswerPage, PartitionRequest } from "./local-answers.ts";
import type { AnswerRow, Question } from "./question.ts";

// Between instances, a request is one JSON text and an answer is lines of JSON: a page each, and an error as the last
// one where there was one. Bytes are base64; what has no number in JSON, an open end, is left out.

type Wired<T> = { readonly [Name in keyof T]: T[Name] extends Uint8Array ? string : unknown };

export function encodeRequest(request: PartitionRequest): string {
  return JSON.stringify({
    ...request,
    lagMax: finite(request.lagMax),
    question: wired(request.question),
  });
}

/** @throws QueryError `WRONG_QUERY` */
export function decodeRequest(text: string): PartitionRequest {
  try {
    const given = JSON.parse(text) as Wired<PartitionRequest>;
    const { store, partition, isolation, allowsStandby, positionAtLeast, lagMax } = given;
    if (typeof store !== "string" || !Number.isSafeInteger(partition))
      throw new TypeError("a request names a store and a partition");
    return {
      store,
      partition: Number(partition),
      question: questionOf(given.question as Fields),
      isolation: isolation === "live" || isolation === "committed" ? isolation : undefined,
      allowsStandby: allowsStandby === true,
      positionAtLeast: (positionAtLeast ?? {}) as PartitionRequest["positionAtLeast"],
      lagMax: numberOf(lagMax, Infinity),
    };
  } catch (cause) {
    throw new QueryError(
      "WRONG_QUERY",
      "the request of another instance cannot be read; do all run the same version of Millrace?",
      cause,
    );
  }
}

export function encodePage({ head, rows }: AnswerPage): string {
  return JSON.stringify({ ...(head === undefined ? {} : { head }), rows: rows.map(wiredRow) });
}

export function encodeFailure(error: unknown): string {
  const isOurs = error instanceof QueryError;
  const message = messageOf(error);
  return JSON.stringify({ error: { code: isOurs ? error.code : "STORE_FAILED", message } });
}

/** @throws QueryError what the line tells; RangeError, SyntaxError, TypeError: it is none */
export function decodePage(line: string): AnswerPage {
  const { head, rows, error } = fieldsOf(JSON.parse(line));
  if (error !== undefined) throw failureOf(fieldsOf(error));
  if (!Array.isArray(rows)) throw new TypeError("a page has rows");
  return { head: head === undefined ? undefined : headOf(fieldsOf(head)), rows: rows.map(rowOf) };
}

function failureOf({ code, message }: Fields): QueryError {
  if (typeof message !== "string") throw new TypeError("an error has a message");
  // Of a version that knows more errors than this one.
  return new QueryError(isQueryErrorCode(code) ? code : "STORE_FAILED", message);
}

function headOf({ isStandby, position, changelogOffsets }: Fields): AnswerHead {
  for (const partitions of Object.values(fieldsOf(position))) offsetsOf(partitions);
  return {
    isStandby: isStandby === true,
    position: position as AnswerHead["position"], // its offsets are numbers
    changelogOffsets: offsetsOf(changelogOffsets),
  };
}

function offsetsOf(given: unknown): Readonly<Record<number, number>> {
  const offsets = fieldsOf(given);
  for (const offset of Object.values(offsets)) numberOf(offset, NaN);
  return offsets as Readonly<Record<number, number>>;
}

function fieldsOf(given: unknown): Fields {
  if (typeof given !== "object" || given === null)
    throw new TypeError(`${String(given)} is no object`);
  return given as Fields;
}

type Fields = Readonly<Record<string, unknown>>;

function wired(question: Question): Fields {
  const fields: Record<string, unknown> = { ...question };
  for (const name of ["key", "from", "to"])
    if (fields[name] instanceof Uint8Array) fields[name] = toBase64(fields[name]);
  if ("until" in question) fields["until"] = finite(question.until);
  return fields;
}

function questionOf(given: Fields): Question {
  const kind = given["kind"] as Question["kind"];
  const key = (): Uint8Array => fromBase64(given["key"] as string);
  const bounds = () => ({ from: bytesOrNull(given["from"]), to: bytesOrNull(given["to"]) });
  const isReverse = given["isReverse"] === true;
  const times = () => ({
    after: numberOf(given["after"], 0),
    until: numberOf(given["until"], Infinity),
    isReverse,
  });
  switch (kind) {
    case "get":
      return { kind, key: key() };
    case "range":
      return { kind, ...bounds(), isReverse };
    case "count":
      return { kind };
    case "window":
      return { kind, key: key(), start: numberOf(given["start"], 0) };
    case "windows":
    case "sessions":
      return { kind, ...bounds(), ...times() };
    case "session": {
      const { start, end } = given["window"] as { readonly start: number; readonly end: number };
      return { kind, key: key(), window: { start, end } };
    }
    case "version":
      return {
        kind,
        key: key(),
        asOf: given["asOf"] === undefined ? undefined : numberOf(given["asOf"], 0),
      };
    case "history":
      return { kind, key: key(), ...times() };
    default:
      throw new TypeError(`no question is a ${String(kind satisfies never)}`);
  }
}

function wiredRow({ key, value, headers, ...rest }: AnswerRow): Fields {
  return {
    ...rest,
    key: toBase64(key),
    value: toBase64(value),
    ...(headers.length === 0
      ? {}
      : {
          headers: headers.map(([name, bytes]) => [name, bytes === null ? null : toBase64(bytes)]),
        }),
  };
}

function rowOf(given: Fields): AnswerRow {
  const headers = (given["headers"] ?? []) as readonly (readonly [string, string | null])[];
  return {
    ...(given as unknown as AnswerRow), // what is not mended below is as JSON has it
    key: fromBase64(given["key"] as string),
    value: fromBase64(given["value"] as string),
    headers: headers.map(([name, bytes]) => [
      name,
      bytes === null ? null : fromBase64(bytes),
    ]) satisfies Headers,
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function numberOf(given: unknown, byDefault: number): number {
  if (given === undefined || given === null) return byDefault;
  if (typeof given !== "number") throw new TypeError(`${String(given)} is no number`);
  return given;
}

function bytesOrNull(given: unknown): Uint8Array | null {
  return typeof given === "string" ? fromBase64(given) : null;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
