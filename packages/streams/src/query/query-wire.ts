import {
  messageOf,
  nestsDeeper,
  shown,
  type Headers,
  type Offset,
  type Window,
} from "@millrace/model";

import { isQueryErrorCode, QueryError } from "../error/query-error.ts";
import type { AnswerPage, PartitionRequest } from "./local-answers.ts";
import type { AnswerHead } from "./open-answer.ts";
import type { Position } from "./position.ts";
import type { AnswerRow, Question } from "./question.ts";

// Between instances, a request is one JSON text and an answer is lines of JSON: a page each, the last of which says so,
// or an error as the last one. Bytes are base64; what has no number in JSON, an open end, is left out. An answer tells
// of which store and partition it is: an address may lead to somebody else.

/** So many characters may be nested as they like: that costs little. */
const longLine = 2 ** 20;
/** Of a page: those of a header are five. */
const levelsMax = 16;

type Wired<T> = { readonly [Name in keyof T]: T[Name] extends Uint8Array ? string : unknown };

export function encodeRequest(request: PartitionRequest, applicationId: string): string {
  return JSON.stringify({
    applicationId,
    ...request,
    lagMax: finite(request.lagMax),
    question: wired(request.question),
  });
}

/** @throws QueryError `WRONG_QUERY`; `INSTANCE_UNREACHABLE`: another application is asked */
export function decodeRequest(text: string, ownApplicationId: string): PartitionRequest {
  let asked: unknown;
  let request: PartitionRequest;
  try {
    const given = JSON.parse(text) as Wired<PartitionRequest> & { readonly applicationId: unknown };
    asked = given.applicationId;
    request = requestOf(given);
  } catch (cause) {
    throw new QueryError(
      "WRONG_QUERY",
      "the request of another instance cannot be read; do all run the same version of Millrace?",
      cause,
    );
  }
  if (asked === ownApplicationId) return request;
  throw new QueryError(
    "INSTANCE_UNREACHABLE",
    `this is an instance of ${ownApplicationId}, and one of ${shown(asked)} was asked: its applicationServer leads here`,
  );
}

function requestOf(given: Wired<PartitionRequest>): PartitionRequest {
  const { store, partition, isolation, allowsStandby, positionAtLeast, lagMax } = given;
  if (typeof store !== "string" || !Number.isSafeInteger(partition))
    throw new TypeError("a request names a store and a partition");
  return {
    store,
    partition: Number(partition),
    question: questionOf(given.question as Fields),
    isolation: isolation === "live" || isolation === "committed" ? isolation : undefined,
    allowsStandby: allowsStandby === true,
    positionAtLeast: positionOf(positionAtLeast ?? {}),
    lagMax: numberOf(lagMax, Infinity),
  };
}

/** A page as it is sent. */
export interface WiredPage extends AnswerPage {
  readonly isLast: boolean;
}

export function encodePage(
  { head, rows, isLast }: WiredPage,
  { store, partition }: Pick<PartitionRequest, "store" | "partition">,
): string {
  return JSON.stringify({
    ...(head === undefined ? {} : { head: { store, partition, ...head } }),
    rows: rows.map(wiredRow),
    ...(isLast ? { isLast } : {}),
  });
}

export function encodeFailure(error: unknown): string {
  const isOurs = error instanceof QueryError;
  const message = messageOf(error);
  return JSON.stringify({ error: { code: isOurs ? error.code : "STORE_FAILED", message } });
}

/**
 * @param asked what the answer is to be of
 * @throws QueryError what the line tells; RangeError, SyntaxError, TypeError: it is none
 */
export function decodePage(
  line: string,
  asked: Pick<PartitionRequest, "store" | "partition">,
): WiredPage {
  if (line.length > longLine && nestsDeeper(line, levelsMax))
    throw new RangeError(`it is nested deeper than ${levelsMax} levels`);
  const given = fieldsOf(JSON.parse(line));
  if (given["error"] !== undefined) {
    const { code, message } = fieldsOf(given["error"]);
    if (typeof message !== "string") throw new TypeError("an error has a message");
    // Of a version that knows more errors than this one.
    throw new QueryError(isQueryErrorCode(code) ? code : "STORE_FAILED", message);
  }
  const rows = given["rows"];
  if (!Array.isArray(rows)) throw new TypeError("a page has rows");
  return {
    head: given["head"] === undefined ? undefined : headOf(fieldsOf(given["head"]), asked),
    rows: rows.map((row) => rowOf(fieldsOf(row))),
    isLast: given["isLast"] === true,
  };
}

function headOf(given: Fields, asked: Pick<PartitionRequest, "store" | "partition">): AnswerHead {
  if (given["store"] !== asked.store || given["partition"] !== asked.partition)
    throw new TypeError(
      `it is of ${shown(given["store"])}-${shown(given["partition"])}, asked for was ${asked.store}-${asked.partition}`,
    );
  return {
    isStandby: given["isStandby"] === true,
    position: positionOf(given["position"]),
    changelogOffsets: offsetsOf(given["changelogOffsets"]),
  };
}

function positionOf(given: unknown): Position {
  return Object.fromEntries(
    Object.entries(fieldsOf(given)).map(([topic, partitions]) => [topic, offsetsOf(partitions)]),
  );
}

function offsetsOf(given: unknown): Readonly<Record<number, Offset>> {
  const offsets = fieldsOf(given);
  for (const offset of Object.values(offsets))
    if (!Number.isSafeInteger(offset)) throw new TypeError(`${shown(offset)} is no offset`);
  return offsets as Readonly<Record<number, Offset>>; // each was looked at
}

function fieldsOf(given: unknown): Fields {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as Fields;
  throw new TypeError(`${shown(given)} has no fields`);
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
    case "session":
      return { kind, key: key(), window: windowOf(given["window"]) };
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
  const { window, validTo } = given;
  return {
    key: fromBase64(given["key"] as string),
    ...(window === undefined ? {} : { window: windowOf(window) }),
    value: fromBase64(given["value"] as string),
    timestamp: requireNumber(given["timestamp"]),
    headers: headers.map(([name, bytes]) => [
      String(name),
      bytes === null ? null : fromBase64(bytes),
    ]) satisfies Headers,
    ...(validTo === undefined ? {} : { validTo: validTo === null ? null : requireNumber(validTo) }),
  };
}

function windowOf(given: unknown): Window {
  const { start, end } = fieldsOf(given);
  return { start: requireNumber(start), end: requireNumber(end) };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function numberOf(given: unknown, byDefault: number): number {
  return given === undefined || given === null ? byDefault : requireNumber(given);
}

function requireNumber(given: unknown): number {
  if (typeof given === "number") return given;
  throw new TypeError(`${shown(given)} is no number`);
}

function bytesOrNull(given: unknown): Uint8Array | null {
  return given === undefined || given === null ? null : fromBase64(given as string);
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`${shown(text)} is no base64`);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
