import { defineConfig } from "vitest/config";

/** These measure the memory of their process: nobody else runs in it. */
const measuring = [
  "packages/protocol/src/frames/frames.test.ts",
  "packages/streams/src/task/write-origins.test.ts",
];

// Unit tests lie beside their source, system tests under test/. Those of packages and of the DSL share a process and its
// modules, which halves their time: they keep nothing in either. Each file of the others has a process of its own.
const sharing = ["packages/*/src/**/*.test.ts", "test/dsl/**/*.test.ts"];
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: { name: "sharing", isolate: false, include: sharing, exclude: measuring },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["test/**/*.test.ts", "examples/*/src/**/*.test.ts", ...measuring],
          exclude: ["**/node_modules/**", "test/dsl/**"],
        },
      },
    ],
  },
});
