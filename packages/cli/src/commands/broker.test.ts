import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { millrace } from "../../test-support/run-millrace.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-broker-"));
  writeFileSync(
    join(folder, "broker.properties"),
    "listeners=MASTER://localhost:0,CLIENTS://127.0.0.1:0\n" +
      "listener.security.protocol.map=MASTER:PLAINTEXT,CLIENTS:PLAINTEXT\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a broker, ends it, and gives what it printed when it was ready. */
async function ready(name: string, ...words: readonly string[]): Promise<string> {
  const ending = new AbortController();
  const data = ["broker", "--data", join(folder, name)];
  const ended = await millrace([...data, ...words], {
    signal: ending.signal,
    onPrint: () => ending.abort(),
  });
  expect(ended).toMatchObject({ code: 0, err: "" });
  return ended.out;
}

test("a broker listens where its properties say, and tells each address", async () => {
  const config = ["--config", join(folder, "broker.properties")];
  const told = JSON.parse(await ready("a", ...config, "--json")) as { readonly port: number };
  expect(told).toMatchObject({
    host: "localhost",
    addresses: [
      expect.stringMatching(/^localhost:\d+$/),
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    ],
  });
  expect(told.port).not.toBe(9092);
  expect(await ready("a", ...config)).toMatch(
    /^millrace broker is ready at localhost:\d+ and 127\.0\.0\.1:\d+\n$/,
  );
});

test("--host and --port go before what the properties say of the first listener", async () => {
  const listeners = ["--override", "listeners=PLAINTEXT://127.0.0.1:1"];
  expect(await ready("b", ...listeners, "--host", "localhost", "--port", "0")).toMatch(
    /^millrace broker is ready at localhost:(?!1\n)\d+\n$/,
  );
});
