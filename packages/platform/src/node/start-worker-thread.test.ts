import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, expect, test } from "vitest";

const run = promisify(execFile);
const source = new URL("start-worker-thread.ts", import.meta.url).href;
const thread =
  'data:text/javascript,import { parentPort, workerData } from "node:worker_threads"; parentPort.postMessage(workerData)';
const program = `
  import { startWorkerThread } from ${JSON.stringify(source)};
  startWorkerThread(new URL(${JSON.stringify(thread)}), "began").on("message", console.log);
`;
const folder = mkdtempSync(join(tmpdir(), "millrace-thread-"));
const file = join(folder, "program.mjs");
writeFileSync(file, program);
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["without any", []],
  ["of V8's memory", ["--max-semi-space-size=32", "--max-old-space-size=200"]],
  ["of V8 and of Node", ["--expose-gc", "--enable-source-maps"]],
])("a thread begins in a process with arguments %s", async (_, given) => {
  const asText = await run(process.execPath, [...given, "--input-type=module", "-e", program]);
  expect(asText.stdout).toBe("began\n");
  const asFile = await run(process.execPath, [...given, file]);
  expect(asFile.stdout).toBe("began\n");
});
