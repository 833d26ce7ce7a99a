import { compareBytes, type Headers, type Timestamp, type Window } from "@millrace/model";
import type { StoredValue, StoreView } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";

/** A stretch of keys as bytes; null: no bound. */
export interface KeyBounds {
  /** Inclusive. */
  readonly from: Uint8Array | null;
  /** Inclusive of windows and sessions; of a key-value store exclusive. */
  readonly to: Uint8Array | null;
}

/** Of windows by their starts, of versions by their validity. */
export interface TimeBounds {
  readonly after: Timestamp;
  /** Infinity: to the last. */
  readonly until: Timestamp;
  readonly isReverse: boolean;
}

/** What a store is asked. Keys are as its serde writes them. */
export type Question =
  | { readonly kind: "get"; readonly key: Uint8Array }
  | ({ readonly kind: "range"; readonly isReverse: boolean } & KeyBounds)
  | { readonly kind: "count" }
  | { readonly kind: "window"; readonly key: Uint8Array; readonly start: Timestamp }
  | ({ readonly kind: "windows" } & KeyBounds & TimeBounds)
  | { readonly kind: "session"; readonly key: Uint8Array; readonly window: Window }
  | ({ readonly kind: "sessions" } & KeyBounds & TimeBounds)
  | { readonly kind: "version"; readonly key: Uint8Array; readonly asOf: Timestamp | undefined }
  | ({ readonly kind: "history"; readonly key: Uint8Array } & TimeBounds);

/** One row of an answer. Keys and values are as the serdes of the store write them. */
export interface AnswerRow {
  readonly key: Uint8Array;
  /** Of windows and sessions. */
  readonly window?: Window;
  readonly value: Uint8Array;
  /** -1: the store keeps none. */
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** Of versions: until when it was valid; null: it is the latest. */
  readonly validTo?: Timestamp | null;
}

type KindOf<Kind extends StoreView["kind"]> = Extract<StoreView, { readonly kind: Kind }>["store"];

/** The rows that a store answers with: of a view that is good while they are read. */
export function answerRows(view: StoreView, question: Question): Iterable<AnswerRow> {
  switch (question.kind) {
    case "get":
      return oneRow(question.key, storeOf(view, "keyValue").get(question.key));
    case "range":
      return keyValueRows(storeOf(view, "keyValue"), question);
    case "count":
      return [countRow(storeOf(view, "keyValue").approximateEntryCount())];
    case "window": {
      const { key, start } = question;
      return oneRow(key, storeOf(view, "window").fetch(key, start), { start, end: start });
    }
    case "windows":
      return windowRows(storeOf(view, "window"), question);
    case "session": {
      const { key, window } = question;
      return oneRow(key, storeOf(view, "session").fetchSession(key, window), window);
    }
    case "sessions":
      return sessionRows(storeOf(view, "session"), question);
    case "version":
    case "history":
      return versionRows(storeOf(view, "versioned"), question);
  }
}

/** A count as a row: its timestamp. */
function countRow(count: number): AnswerRow {
  return { key: new Uint8Array(0), value: new Uint8Array(0), timestamp: count, headers: [] };
}

function storeOf<Kind extends StoreView["kind"]>(view: StoreView, kind: Kind): KindOf<Kind> {
  if (view.kind === kind) return view.store as KindOf<Kind>; // of this very kind
  throw new QueryError(
    "WRONG_QUERY",
    `a ${kind} store is asked so, and this is a ${view.kind} store`,
  );
}

function oneRow(key: Uint8Array, found: StoredValue | null, window?: Window): readonly AnswerRow[] {
  if (found === null) return [];
  return [{ key, ...(window === undefined ? {} : { window }), ...found }];
}

function* keyValueRows(
  store: KindOf<"keyValue">,
  { from, to, isReverse }: Extract<Question, { readonly kind: "range" }>,
): Generator<AnswerRow> {
  using rows = store.scan({
    direction: isReverse ? "backward" : "forward",
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  });
  while (rows.next()) yield { key: rows.key, ...rows.value };
}

function* windowRows(
  store: KindOf<"window">,
  { from, to, after, until, isReverse }: KeyBounds & TimeBounds,
): Generator<AnswerRow> {
  const range = { from: after, to: until, reverse: isReverse };
  using rows =
    from !== null && isSame(from, to)
      ? store.fetchRange(from, range)
      : from === null && to === null
        ? store.fetchAll(range)
        : store.fetchKeys(from, to, range);
  while (rows.next()) yield { ...rows.key, ...rows.value };
}

function* sessionRows(
  store: KindOf<"session">,
  { from, to, after, until, isReverse }: KeyBounds & TimeBounds,
): Generator<AnswerRow> {
  const range = { earliestEnd: after, latestStart: until, reverse: isReverse };
  using rows =
    from !== null && isSame(from, to)
      ? store.findSessions(from, range)
      : store.findSessionsOfKeys(from, to, range);
  while (rows.next()) yield { ...rows.key, ...rows.value };
}

function* versionRows(
  store: KindOf<"versioned">,
  question: Extract<Question, { readonly kind: "version" | "history" }>,
): Generator<AnswerRow> {
  const { key } = question;
  const versions =
    question.kind === "version"
      ? [store.get(key, question.asOf)]
      : store.history(key, {
          from: question.after,
          to: question.until,
          reverse: question.isReverse,
        });
  for (const version of versions) if (version !== null) yield { key, headers: [], ...version };
}

function isSame(from: Uint8Array, to: Uint8Array | null): boolean {
  return to !== null && compareBytes(from, to) === 0;
}
