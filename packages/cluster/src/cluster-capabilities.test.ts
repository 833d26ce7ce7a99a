import { expect, test } from "vitest";

import {
  allClusterCapabilities,
  clusterCapabilities,
  requireCapability,
} from "./cluster-capabilities.ts";

const instead = "Use another one.";

test("what a client lacks is refused with what needs it, who lacks it, and what to do instead", () => {
  const client = { name: "carrier pigeon", capabilities: new Set(["transactions"] as const) };
  const require = () => requireCapability(client, "zstd", { use: 'compression "zstd"', instead });
  expect(require).toThrow(
    expect.objectContaining({
      code: "UNSUPPORTED_BY_CLIENT",
      message: 'compression "zstd" needs what carrier pigeon does not have: zstd. Use another one.',
    }),
  );
});

test("a client that has everything is refused nothing", () => {
  const client = { name: "ours", capabilities: allClusterCapabilities };
  for (const capability of allClusterCapabilities)
    requireCapability(client, capability, { use: "anything", instead });
  expect([...allClusterCapabilities]).toEqual(Object.keys(clusterCapabilities));
});
