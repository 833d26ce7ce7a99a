import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker, parsePropertiesFile } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { facts, realCertificates } from "../../packages/platform/test-support/certificates.ts";
import { startBundledBroker } from "../interop/bundled-broker.ts";
import { blocksOf } from "./pages.ts";

test("a broker starts with the properties of the guide on security, and listens twice", async () => {
  const blocks = blocksOf("docs/guides/security.md").filter(({ kind }) => kind === "properties");
  expect(blocks.length).toBe(2);
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

test("and with those of its listener with TLS, for a client that trusts the authority", async () => {
  const [, tls] = blocksOf("docs/guides/security.md").filter(({ kind }) => kind === "properties");
  const folder = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  const location = join(folder, "broker.pem");
  const { key, certificate } = realCertificates.identity(facts());
  writeFileSync(location, key + certificate);
  const properties = { ...parsePropertiesFile(tls.code), "ssl.keystore.location": location };
  const broker = await startBundledBroker(properties);
  const [host, port] = broker.address.split(":");
  const ca = [realCertificates.authority(facts().issuer)];
  const { network } = nodePlatform();
  const connection = await network.connect({ host, port: Number(port) }, undefined, { ca });
  connection.handler = { data() {}, drained() {}, closed() {} };
  connection.destroy();
  await broker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
