import { tmpdir } from "node:os";
import { join } from "node:path";

import { defineConfig } from "vitest/config";

import { bundlePackages } from "./test/bundled/bundle-packages.ts";

// Processes that tests start load the same modules again and again: Node compiles them once for all.
process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "node-compile-cache");
// And each looks for all of them: here once for each package.
const resolveQuickly = new URL("test/resolve-quickly.mjs", import.meta.url).href;
process.env["NODE_OPTIONS"] = `${process.env["NODE_OPTIONS"] ?? ""} --import=${resolveQuickly}`;
// Nor do they look for any that is in a bundle; at full size each is loaded from its own file.
if (process.env["MILLRACE_VERIFY"] !== "1")
  process.env["NODE_OPTIONS"] += ` --import=${await bundlePackages()}`;

/** These measure the memory of their process, or need all of the machine: nobody else runs in it. */
const alone = [
  "packages/protocol/src/frames/frames.test.ts",
  "packages/streams/src/task/write-origins.test.ts",
  "test/{fuzz,packages,serdes}/**/*.test.ts",
  "test/rxjs/slow-subscriber.test.ts",
];

/** What else is at work changes what these measure, however often they try: they come last, one at a time. */
const last = ["test/queries/query-cost.test.ts"];

// Unit tests lie beside their source, system tests under test/. They share a process and its modules, which halves their
// time: they keep nothing in either. Node loads them as they stand: through Vite a fifth of all time goes into the maps of
// its own modules, for each place in a program that is read off a stack.
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 4,
    experimental: { viteModuleRunner: false, nodeLoader: false },
    expect: { poll: { timeout: 15_000 } }, // a machine may be busy with other things
    projects: [
      {
        extends: true,
        test: {
          name: "sharing",
          isolate: false,
          include: ["{packages,examples}/*/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...alone, ...last],
        },
      },
      { extends: true, test: { name: "alone", include: alone } },
      {
        extends: true,
        test: { name: "last", include: last, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
