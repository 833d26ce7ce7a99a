import { encodeUtf8, noHeaders, type Headers } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, test } from "vitest";

import { CacheBudget } from "../contract/cache-budget.ts";
import type { StoreSpecification } from "../contract/store-specification.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { openTaskStores } from "../stores/open-task-stores.ts";
import { joinBuffer } from "./join-buffer/join-buffer-kind.ts";
import { listValueStore } from "./list-value/list-value-kind.ts";
import { sessionStore } from "./session/session-kind.ts";
import { suppressionBuffer } from "./suppression/suppression-kind.ts";
import { timestampedWindowStore } from "./timestamped-window/timestamped-window-kind.ts";
import { joinWindowStore } from "./window/join-window-kind.ts";
import { windowStore } from "./window/window-kind.ts";

const options = { name: "s", key: string(), value: string() };
const windows = { ...options, windowSize: "1m", retention: "1h" } as const;

function restoring(
  specification: StoreSpecification,
  key: Uint8Array,
  value: Uint8Array | null,
  headers: Headers = noHeaders,
): () => void {
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: { topic: "t", partition: 0, offset: 0, timestamp: 7, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId: "0_0",
    stores: [{ specification, changelogTopic: "s-changelog", changelog: { append: () => {} } }],
  });
  return () => {
    stores.restore("s", key, { value, timestamp: 1, headers });
    stores.commit(new Map());
  };
}

const refused = (pattern: RegExp): object =>
  expect.objectContaining({
    code: "CHANGELOG_UNREADABLE",
    message: expect.stringMatching(pattern),
  });

const value = encodeUtf8("v");
/** Negative: from before 1970. */
const early = Uint8Array.of(0x6b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

describe("a changelog's record that no store of its kind has written is refused by name", () => {
  const stores: readonly [string, StoreSpecification, number][] = [
    ["windows", windowStore(windows), 12],
    ["windows in memory", windowStore({ ...windows, engine: "memory" }), 12],
    ["timestamped windows", timestampedWindowStore(windows), 12],
    ["windows of a join", joinWindowStore(windows), 12],
    ["sessions", sessionStore({ ...options, retention: "1h" }), 16],
    ["records that wait for a join", joinBuffer({ ...options, grace: "1m" }), 13],
  ];
  test.each(stores)("%s: a key that is too short", (_kind, specification, bytesMin) => {
    for (const length of [0, 1, bytesMin - 1])
      for (const written of [value, null])
        expect(restoring(specification, new Uint8Array(length), written)).toThrow(
          refused(new RegExp(`^store s .*a key of ${length} bytes`)),
        );
  });
  test.each(stores.slice(0, 5))("%s: a time before 1970", (_kind, specification) => {
    const key = new Uint8Array(20);
    key.set(early.subarray(1, 9), specification.kind.name === "session" ? 4 : 8);
    expect(restoring(specification, key, value)).toThrow(refused(/a time of -1/));
  });
  test.each(stores.slice(0, 5))("%s: a key of another kind of store", (_kind, specification) => {
    const text = encodeUtf8("customers/4711/orders");
    expect(restoring(specification, text, value)).toThrow(refused(/a time of \d{16}/));
  });
  const lists = [[], [1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0, 0, 0, 9, 7]];
  const longLists = [
    [1, 0, 0, 0, 1, 255, 255, 255, 255],
    [1, 127, 255, 255, 255, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 5],
  ];
  test.each([...lists, ...longLists])("a list of values that is none", (...bytes) => {
    const specification = listValueStore(options);
    expect(restoring(specification, value, Uint8Array.from(bytes))).toThrow(
      refused(/^store s .*a list/),
    );
  });
  const written = (() => {
    const text = (length: number) => [0, 0, 0, length, ...Array.from({ length }, () => 65)];
    const eight = [0, 0, 0, 0, 0, 0, 0, 9];
    return [...eight, ...eight, ...text(2), 0, 0, 0, 1, 0, 0, 0, 0];
  })();
  /** A change as it was written, cut anywhere, or with an impossible number in it. */
  const ofNothing = [255, 255, 255, 255];
  const change = [...written, ...ofNothing, ...ofNothing, 0, 0, 0, 1, 66, 0, 0, 0, 0, 0, 0, 0, 5];
  const version: Headers = [["v", Uint8Array.of(3)]];
  test("a change that waits is taken whole alone", () => {
    const specification = suppressionBuffer(options);
    expect(restoring(specification, value, Uint8Array.from(change), version)).not.toThrow();
    for (let length = 0; length < change.length; length++)
      expect(
        restoring(specification, value, Uint8Array.from(change.slice(0, length)), version),
        `${length} bytes`,
      ).toThrow(refused(/^store s .*a change of \d+ bytes/));
    expect(restoring(specification, value, Uint8Array.from([...change, 0]), version)).toThrow(
      refused(/a change/),
    );
    for (const [at, byte] of [
      [16, 0x80],
      [16, 0x7f],
      [26, 0x7f],
      [33, 0x80],
    ])
      expect(
        restoring(specification, value, Uint8Array.from(change.with(at, byte)), version),
        `${byte} at ${at}`,
      ).toThrow(refused(/a change/));
  });
  test("records that wait for a join: a value that is cut off", () => {
    const specification = joinBuffer({ ...options, grace: "1m" });
    for (const length of [0, 3, 8, 20])
      expect(restoring(specification, new Uint8Array(14), new Uint8Array(length))).toThrow(
        refused(/a record of \d+ bytes/),
      );
  });
});
