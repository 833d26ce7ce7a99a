import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { requireNode } from "./node-version.ts";

test.each(["22.18.0", "22.19.1", "23.0.0", "24.11.0-nightly", "100.1.0"])(
  "%s will do",
  (version) => {
    requireNode(version);
  },
);

test.each(["22.17.9", "22.6.0", "20.20.2", "18.0.0"])("%s is told what is needed", (version) => {
  expect(() => requireNode(version)).toThrow(
    expect.objectContaining({
      code: "NODE_TOO_OLD",
      message: expect.stringMatching(
        `^Millrace needs Node 22.18 or newer, and this is Node ${version}`,
      ),
    }),
  );
});

test("what is needed is what the packages say", () => {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { engines } = JSON.parse(manifest) as { engines: { node: string } };
  expect(engines.node).toBe(">=22.18.0");
});
