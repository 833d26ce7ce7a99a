import { encodeUtf8, toHex, type Headers, type Timestamp } from "@millrace/model";
import type { SessionStore } from "../contract/session-store.ts";
import type { StoreOptions, StoreSpecification } from "../contract/store-specification.ts";
import type { TaskStores } from "../contract/task-stores.ts";
import type {
  UpdatableWindowStore,
  WindowedCursor,
  WindowStore,
} from "../contract/window-store.ts";
import { sessionStore } from "../kinds/session/session-kind.ts";
import { timestampedWindowStore } from "../kinds/timestamped-window/timestamped-window-kind.ts";
import { windowStore } from "../kinds/window/window-kind.ts";
import { retentionMs, type ModelSearch, type RowKind } from "./expiring-model.ts";

export interface RowPlace {
  /** Of a session. */
  readonly start: Timestamp;
  /** What the row expires by. */
  readonly time: Timestamp;
}

/** A store whose rows expire, of whatever kind, as a trial uses it. */
export interface ExpiringStore {
  put(key: string, place: RowPlace, value: string | null): void;
  get(key: string, place: RowPlace): string | null;
  search(search: ModelSearch): WindowedCursor<string, unknown>;
}

export function specifyExpiring(
  kind: RowKind,
  options: StoreOptions<string, string>,
): StoreSpecification {
  const retainDuplicates = kind === "duplicates";
  const windows = { ...options, windowSize: 1000, retention: retentionMs, retainDuplicates };
  switch (kind) {
    case "window":
    case "duplicates":
      return windowStore(windows);
    case "windowByTime":
      return windowStore({ ...windows, order: "time" });
    case "windowByTimeOrKey":
      return windowStore({ ...windows, order: "timeOrKey" });
    case "timestampedWindow":
      return timestampedWindowStore(windows);
    case "timestampedWindowWithHeaders":
      return timestampedWindowStore({ ...windows, headers: true });
    case "session":
      return sessionStore({ ...options, retention: retentionMs });
    case "sessionWithHeaders":
      return sessionStore({ ...options, retention: retentionMs, headers: true });
  }
}

export function expiringStore(kind: RowKind, stores: TaskStores, name: string): ExpiringStore {
  switch (kind) {
    case "window":
    case "windowByTime":
    case "windowByTimeOrKey":
    case "duplicates":
      return windows(stores.store<WindowStore<string, string>>(name));
    case "timestampedWindow":
      return timestampedWindows(stores.store<UpdatableWindowStore<string, string>>(name));
    case "timestampedWindowWithHeaders":
      return windowsWithHeaders(stores.store<UpdatableWindowStore<string, string>>(name));
    case "session":
    case "sessionWithHeaders":
      return sessions(stores.store<SessionStore<string, string>>(name));
  }
}

function windows(store: WindowStore<string, string>): ExpiringStore {
  return {
    put: (key, { time }, value) => store.put(key, value, time),
    get: (key, { time }) => store.fetch(key, time),
    search: (search) => searchWindows(store, search),
  };
}

function timestampedWindows(store: UpdatableWindowStore<string, string>): ExpiringStore {
  return {
    put: (key, { time }, value) => {
      if (time % 2 === 0)
        store.put(key, value === null ? null : { value, timestamp: time + 1 }, time);
      else {
        store.readForUpdate(key, null, time);
        store.writeUpdated(value, time + 1);
      }
    },
    get: (key, { time }) => {
      const read = store.readForUpdate(key, null, time);
      const found = store.fetch(key, time);
      return read === found?.value && found.timestamp === time + 1 ? read : (found?.value ?? null);
    },
    search: (search) => searchWindows(store, search),
  };
}

/** The headers of a window are its key and its value: what has others is read as another value. */
function windowsWithHeaders(store: UpdatableWindowStore<string, string>): ExpiringStore {
  const headersOf = (key: string, value: string): Headers => [[key, encodeUtf8(value)]];
  return {
    put: (key, { time }, value) => {
      const stored =
        value === null ? null : { value, timestamp: time, headers: headersOf(key, value) };
      store.put(key, stored, time);
    },
    get: (key, { time }) => {
      const found = store.fetch(key, time);
      if (found === null) return null;
      const isSame = headersText(found.headers) === headersText(headersOf(key, found.value));
      return isSame ? found.value : `${found.value} with headers ${headersText(found.headers)}`;
    },
    search: (search) => searchWindows(store, search),
  };
}

function headersText(headers: Headers = []): string {
  return headers.map(([name, value]) => `${name}=${value && toHex(value)}`).join();
}

function sessions(store: SessionStore<string, string>): ExpiringStore {
  return {
    put: (key, { start, time }, value) => {
      const session = { key, window: { start, end: time } };
      if (value === null) store.remove(session);
      else store.put(session, value);
    },
    get: (key, { start, time }) => store.fetchSession(key, { start, end: time }),
    search: ({ keyFrom, keyTo, from, latestStart, isReverse }) => {
      const range = { earliestEnd: from, latestStart, reverse: isReverse };
      return keyFrom !== null && keyFrom === keyTo
        ? store.findSessions(keyFrom, range)
        : store.findSessionsOfKeys(keyFrom, keyTo, range);
    },
  };
}

function searchWindows(
  store: WindowStore<string, unknown>,
  { keyFrom, keyTo, from, to, isReverse }: ModelSearch,
): WindowedCursor<string, unknown> {
  const range = { from, to, reverse: isReverse };
  if (keyFrom === null && keyTo === null) return store.fetchAll(range);
  return keyFrom !== null && keyFrom === keyTo
    ? store.fetchRange(keyFrom, range)
    : store.fetchKeys(keyFrom, keyTo, range);
}
