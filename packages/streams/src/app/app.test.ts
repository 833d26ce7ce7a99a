import { expect, test } from "vitest";

import { memoryPlatform } from "@millrace/platform/memory";
import { StateDirectory } from "./state-directory.ts";
import { resolveOptions } from "./streams-options.ts";

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

test("exactly once, with a commit every 100 ms, is the default", () => {
  const options = resolveOptions({ applicationId: "app" });
  expect(options.isExactlyOnce).toBe(true);
  expect(options.commitIntervalMs).toBe(100);
  expect(
    resolveOptions({ applicationId: "app", processingGuarantee: "at_least_once" }).commitIntervalMs,
  ).toBe(30_000);
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
