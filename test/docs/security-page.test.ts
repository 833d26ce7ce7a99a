import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker, parsePropertiesFile } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { blocksOf } from "./pages.ts";

test("a broker starts with the properties of the guide on security, and listens twice", async () => {
  const blocks = blocksOf("docs/guides/security.md").filter(({ kind }) => kind === "properties");
  expect(blocks.length).toBe(1);
  const properties = parsePropertiesFile(blocks[0].code);
  const listeners = properties.listeners.replace(":9094", ":0");
  const folder = mkdtempSync(join(tmpdir(), "millrace-security-"));
  try {
    await using broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
      dataDirectory: folder,
      port: 0,
      properties: { ...properties, listeners },
    });
    expect(new Set(broker.addresses.map(({ port }) => port)).size).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
