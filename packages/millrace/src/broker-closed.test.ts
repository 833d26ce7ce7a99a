import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodePlatform } from "@millrace/platform/node";
import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { connect } from "./connect.ts";
import { EmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { StreamsApp } from "./streams-app.ts";
import type { StreamsOptions } from "./streams-options.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-closed-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const topics = { lines: 1, copies: 1 };

function copy(seen: string[] = []) {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .peek((line) => void seen.push(line))
    .to("copies");
  return builder.build();
}

/** With defaults: `closeTimeout` is half a minute, `taskTimeout` five. */
function start(name: string, cluster: StreamsOptions["cluster"], seen?: string[]) {
  return StreamsApp.start(copy(seen), {
    applicationId: name,
    cluster,
    topics,
    processingGuarantee: "at_least_once",
    commitInterval: "1h",
    logLevel: "silent",
  });
}

test.each(["alone", "while the application closes"])(
  "a cluster that is closed before its application ends it at once, and what is not committed is told: %s",
  async (how) => {
    const cluster = await EmbeddedCluster.start({ data: join(folder, how.slice(0, 5)), topics });
    const seen: string[] = [];
    const app = await start("first", cluster, seen);
    const client = connect({ bootstrapServers: cluster.bootstrapServers });
    await client.producer().send({ topic: "lines", value: "one" });
    await client.close();
    await vi.waitFor(() => expect(seen).toEqual(["one"]), 10_000);
    const ended = expect(app.closed).rejects.toMatchObject({
      code: "BROKER_CLOSED",
      message: expect.stringMatching(
        /^application first has ended: .*127\.0\.0\.1:\d+ was ended by the program.* Not committed.*: lines-0 up to offset 1\. Close applications before/,
      ),
      cause: { code: "BROKER_CLOSED" },
    });
    const startMs = performance.now();
    await Promise.all([cluster.close(), how === "alone" ? undefined : app.close()]);
    await ended;
    await app.close();
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(app.state).toBe("failed");
  },
  60_000,
);

// It and the next one wait for some seconds of the clock: at once.
test.concurrent("an application that uses the broker of another one learns that its owner has closed it", async ({
  expect,
}) => {
  const address = `embedded:${join(folder, "shared")}`;
  const owner = await start("owner", address);
  const guest = await start("guest", address);
  const ended = expect(guest.closed).rejects.toMatchObject({
    code: "BROKER_CLOSED",
    message: expect.stringContaining("was ended by the process that started it"),
  });
  await owner.close();
  const startMs = performance.now();
  await ended;
  expect(performance.now() - startMs).toBeLessThan(15_000);
  // The folder is free: whoever comes next is its owner.
  await (await start("next", address)).close();
}, 60_000);

test.concurrent("that nobody can tell who has the folder is not taken for its owner's end", async ({
  expect,
}) => {
  const data = join(folder, "hidden");
  const owner = await EmbeddedCluster.start({ data, topics });
  const guest = await EmbeddedCluster.start({ data });
  expect(guest.gone.aborted).toBe(false);
  renameSync(data, `${data}-aside`);
  writeFileSync(data, "");
  try {
    const { timers } = nodePlatform();
    await timers.sleep(3000);
    expect(guest.gone.aborted).toBe(false);
  } finally {
    rmSync(data);
    renameSync(`${data}-aside`, data);
  }
  await owner.close();
  await vi.waitFor(() => expect(guest.gone.aborted).toBe(true), 10_000);
  await guest.close();
}, 60_000);

test("an application that is closed before its cluster commits, and tells nothing; the next one is told", async () => {
  const cluster = await EmbeddedCluster.start({ data: join(folder, "ordered"), topics });
  const app = await start("ordered", cluster);
  await app.close();
  await cluster.close();
  await expect(app.closed).resolves.toBeUndefined();
  expect(cluster.gone.reason).toMatchObject({ code: "BROKER_CLOSED" });
  await expect(start("late", cluster)).rejects.toMatchObject({
    code: "BROKER_CLOSED",
    message: expect.stringMatching(/127\.0\.0\.1:\d+ was ended by the program/),
  });
});
