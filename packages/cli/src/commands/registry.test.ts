import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { millrace, startMillrace, type RunningInside } from "../../test-support/run-millrace.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-registry-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function places(running: RunningInside): Promise<readonly [url: string, bootstrap: string]> {
  const told = JSON.parse(await running.told) as { url: string; bootstrapServers: string };
  return [told.url, told.bootstrapServers];
}

async function end(running: RunningInside): Promise<void> {
  expect(await running.end()).toMatchObject({ code: 0, err: "" });
}

async function register(url: string, subject: string, headers = {}): Promise<number> {
  const body = JSON.stringify({ schema: '"string"' });
  const path = `${url}/subjects/${subject}/versions`;
  const sent = { "content-type": "application/json", ...headers };
  return (await fetch(path, { method: "POST", body, headers: sent })).status;
}

test("a registry with a broker of its own, another one on that broker, and a sign-in", async () => {
  const data = join(folder, "data");
  const first = startMillrace(
    ..."registry --port 0 --broker-port 0 --json --data".split(" "),
    data,
  );
  const [url, bootstrap] = await places(first);
  expect(await register(url, "s")).toBe(200);

  const users = join(folder, "users");
  writeFileSync(users, "ada:secret\n");
  const second = startMillrace(
    ..."registry --port 0 --json --topic _other --group other --compatibility FULL".split(" "),
    "--bootstrap-server",
    bootstrap,
    "--users",
    users,
  );
  const [other] = await places(second);
  const authorization = `Basic ${btoa("ada:secret")}`;
  expect(await register(other, "s")).toBe(401);
  expect(await register(other, "s", { authorization })).toBe(200);
  const config = await fetch(`${other}/config`, { headers: { authorization } });
  expect(await config.json()).toEqual({ compatibilityLevel: "FULL" });
  await end(second);
  await end(first);
});

test("a broker with a registry beside it", async () => {
  const running = startMillrace(
    ..."broker --port 0 --registry-port 0 --data".split(" "),
    join(folder, "broker"),
  );
  const [, url] = /its schema registry at (\S+)$/.exec(await running.told) ?? [];
  expect(await register(url, "s")).toBe(200);
  await end(running);
});

test.each([
  ["registry", /--data and --bootstrap-server/],
  ["registry --data x --bootstrap-server y:1", /one of/],
  ["registry --data x --tls-key k", /go together/],
  ["registry --data x --users /nowhere", /--users \/nowhere cannot be read/],
])("%s is refused", async (words, message) => {
  const { code, err } = await millrace(words.split(" "));
  expect(code).toBeGreaterThan(0);
  expect(err).toMatch(message);
});
