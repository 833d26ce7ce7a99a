import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { millrace, spawnMillrace } from "../../test-support/run-millrace.ts";

let folder: string;
let segment: string;

const startBroker = () =>
  Broker.start(nodePlatform({ logLevel: "error" }), { dataDirectory: folder, port: 0 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-log-"));
  segment = join(folder, "orders-0", "00000000000000000000.log");
  const broker = await startBroker();
  const address = `127.0.0.1:${broker.address.port}`;
  await millrace(["topics", "create", "orders", "--bootstrap-server", address]);
  for (const line of ["a", "b", "c"])
    await millrace(["produce", "--topic", "orders", "--bootstrap-server", address], {
      lines: [line],
    });
  await broker.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function flip(position: number): void {
  const bytes = readFileSync(segment);
  bytes[position] ^= 0x10;
  writeFileSync(segment, bytes);
}

describe("millrace log", () => {
  test("ends with 0 where all is well, with 2 without a folder, with 1 while a broker runs", async () => {
    const sound = spawnMillrace("log", "check", folder);
    expect(await sound.ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^all is well/),
    });
    expect(await millrace(["log", "check"])).toMatchObject({ code: 2 });
    const broker = await startBroker();
    const ended = await millrace(["log", "check", folder]);
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining("another process") });
    await broker.close();
  });

  test("shows on a terminal how far it is, and takes that away before it tells anything", async () => {
    for (const verb of ["check", "repair"]) {
      const drawn: string[] = [];
      const onDraw = (text: string) => void drawn.push(text);
      const onPrint = () => void drawn.push("told");
      await millrace(["log", verb, folder], { onDraw, onPrint });
      expect(drawn[0]).toMatch(/^\r\S+ .*bytes/);
      expect(drawn.some((text) => text.includes("100 %"))).toBe(true);
      expect(drawn.slice(-2)).toEqual(["\r\u001B[K", "told"]);
    }
  });

  test("names damage and repairs it; what is left is served again", async () => {
    const size = readFileSync(segment).length / 3;
    flip(size + 66);
    const damaged = readFileSync(segment);
    const checked = await millrace(["log", "check", `${folder}/orders-0/`, "--json"]);
    expect(checked).toMatchObject({ code: 1, err: expect.stringContaining("1 place is damaged") });
    expect(JSON.parse(checked.out)).toMatchObject({
      kind: "damage",
      path: segment,
      position: size,
      firstOffset: 1,
      lastOffset: 1,
    });
    const repaired = await millrace(["log", "repair", folder]);
    expect(repaired).toMatchObject({ code: 0, err: "" });
    expect(repaired.out).toContain(`lost: ${segment} at byte ${size}, offset 1: the checksum`);
    const kept = join(folder, "set-aside", "1", "orders-0", "00000000000000000000.log");
    expect(readFileSync(kept).equals(damaged)).toBe(true);
    expect((await millrace(["log", "repair", folder])).out).toBe("nothing is to be repaired\n");

    const broker = await startBroker();
    const address = `127.0.0.1:${broker.address.port}`;
    const from = ["--bootstrap-server", address, "--from-beginning", "--to-end"];
    const { out } = await millrace(["consume", "--topic", "orders", ...from]);
    expect(out).toBe("a\nc\n");
    await broker.close();
    expect(await millrace(["log", "check", folder])).toMatchObject({ code: 0 });
  });
});
