import type { Platform } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, test } from "vitest";

import type { ApplicationError } from "../error/application-error.ts";
import { StateDirectory } from "./state-directory.ts";
import { resolveOptions } from "./resolved-options.ts";

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

test("exactly once, with a commit every 100 ms, is the default", () => {
  const options = resolveOptions({ applicationId: "app" });
  expect(options.isExactlyOnce).toBe(true);
  expect(options.commitIntervalMs).toBe(100);
  expect(
    resolveOptions({ applicationId: "app", processingGuarantee: "at_least_once" }).commitIntervalMs,
  ).toBe(30_000);
});

test("a snapshot is too old while changelogs still have what was deleted since, and for as long as a restore may take", () => {
  const deleteRetentionMs = 24 * 3_600_000; // of topics that do not say
  const { stateFromAgeMsMax } = resolveOptions({ applicationId: "app" });
  expect(stateFromAgeMsMax).toBe(deleteRetentionMs / 2);
});

test("an option that is none is refused, and the nearest is named", () => {
  const options = { applicationId: "app", "commit.interval.ms": 5 };
  expect(() => resolveOptions(options)).toThrow(code("UNKNOWN_OPTION"));
  expect(() => resolveOptions(options)).toThrow(/commitInterval/);
});

test.each([
  { applicationId: "no spaces" },
  { applicationId: ".." },
  { applicationId: "." },
  { applicationId: "app", deadLetterTopic: "a b" },
  { applicationId: "app", onProcessingError: "skip" },
  { applicationId: "app", signal: new EventTarget() },
  { applicationId: "app", sessionTimeout: "3s", heartbeatInterval: "3s" },
  { applicationId: "app", transactionTimeout: "1s", commitInterval: "1s" },
  { applicationId: "app", transactionTimeout: 100 },
  { applicationId: "app", cacheBytesMax: -1 },
  { applicationId: "app", processingGuarantee: "exactly-once" },
])("%j is refused", (options) => {
  expect(() => resolveOptions(options as never)).toThrow(code("INVALID_OPTION"));
});

test("a rule between options tells the default of one that is left out", () => {
  expect(() => resolveOptions({ applicationId: "app", transactionTimeout: "50ms" })).toThrow(
    'commitInterval is left out (100 ms exactly once, else 30 s) and transactionTimeout is "50ms"',
  );
});

test("a commit may take longer than a transaction where there is none", () => {
  const options = { applicationId: "app", transactionTimeout: "1s", commitInterval: "1m" } as const;
  const resolved = resolveOptions({ ...options, processingGuarantee: "at_least_once" });
  expect(resolved.commitIntervalMs).toBe(60_000);
});

test("STREAMS-1: the process id of a folder never changes", async () => {
  const platform = memoryPlatform();
  const first = await StateDirectory.open(platform, "/state", "app");
  first.close();
  const second = await StateDirectory.open(platform, "/state", "app");
  expect(second.processId).toBe(first.processId);
  second.close();
});

describe("files of a state directory of which a bit has flipped", () => {
  /** Calls back with the file as it is, and then with each of its bits flipped. */
  async function forEachFlip(
    platform: Platform,
    path: string,
    body: (isWhole: boolean) => void | Promise<void>,
  ): Promise<void> {
    const file = platform.fileSystem.open(path, "readWrite");
    const bytes = new Uint8Array(file.sizeBytes());
    file.read(bytes, 0);
    await body(true);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] ^= 1 << (bit & 7);
      file.write([flipped], 0);
      await body(false);
    }
    file.close();
  }

  test("STREAMS-1: never give another process id", async () => {
    const platform = memoryPlatform();
    const first = await StateDirectory.open(platform, "/state", "app");
    first.close();
    const outcomes = new Set<string>();
    const file = "/state/app/kafka-streams-process-metadata";
    await forEachFlip(platform, file, async () => {
      const opened = await StateDirectory.open(platform, "/state", "app").catch(
        (error: ApplicationError) => error,
      );
      if (opened instanceof StateDirectory) opened.close();
      outcomes.add(opened instanceof StateDirectory ? opened.processId : opened.code);
    });
    expect(outcomes).toEqual(new Set([first.processId, "STATE_DIRECTORY_UNUSABLE"]));
    platform.fileSystem.remove(file);
    const anew = await StateDirectory.open(platform, "/state", "app"); // as the message says
    expect(anew.processId).not.toBe(first.processId);
  });

  test("never give other ids of topics, and damage is told", async () => {
    const events: string[] = [];
    const logger = { isEnabled: () => true, log: (_: string, name: string) => events.push(name) };
    const platform = memoryPlatform({ logger });
    const directory = await StateDirectory.open(platform, "/state", "app");
    const ids = new Map([
      ["lines", "kZ1xQ5YtT0aWnq3bq4sG2A"],
      ["checksum", "another"],
    ]);
    await directory.topicIds.write(ids);
    const { path } = directory.topicIds;
    await forEachFlip(platform, path, (isWhole) => {
      events.length = 0;
      const found = directory.topicIds.read();
      if (isWhole || found.size > 0) expect(found).toEqual(ids);
      expect(events).toEqual(found.size > 0 ? [] : ["streams.topic-ids-damaged"]);
    });
  });

  test("that somebody else has written have no checksum, and are taken", async () => {
    const platform = memoryPlatform();
    platform.fileSystem.makeDirectory("/state/app");
    const file = platform.fileSystem.open("/state/app/kafka-streams-process-metadata", "create");
    const processId = "00010203-0405-4607-8809-0a0b0c0d0e0f";
    file.write([new TextEncoder().encode(JSON.stringify({ processId, version: 1 }))], 0);
    file.close();
    const directory = await StateDirectory.open(platform, "/state", "app");
    expect(directory.processId).toBe(processId);
  });
});

test("a folder that is in use is refused", async () => {
  const platform = memoryPlatform();
  const first = await StateDirectory.open(platform, "/state", "app");
  await expect(StateDirectory.open(platform, "/state", "app")).rejects.toThrow(
    code("STATE_DIRECTORY_IN_USE"),
  );
  first.close();
});

test("a folder of something else, or of a newer version, is refused and left as it is", async () => {
  const platform = memoryPlatform();
  const write = (text: string): void => {
    platform.fileSystem.makeDirectory("/state/app");
    const file = platform.fileSystem.open(
      "/state/app/kafka-streams-process-metadata",
      "openOrCreate",
    );
    file.truncate(0);
    file.write([new TextEncoder().encode(text)], 0);
    file.close();
  };
  write("not json");
  await expect(StateDirectory.open(platform, "/state", "app")).rejects.toThrow(
    code("STATE_DIRECTORY_UNUSABLE"),
  );
  write('{"processId":"00010203-0405-4607-8809-0a0b0c0d0e0f","version":99}');
  await expect(StateDirectory.open(platform, "/state", "app")).rejects.toThrow(
    code("STATE_FORMAT_TOO_NEW"),
  );
});
