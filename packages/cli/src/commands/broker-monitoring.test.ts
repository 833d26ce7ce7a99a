import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";

import { millrace, type Ended } from "../../test-support/run-millrace.ts";
import { metricDescriptions, monitoringApp } from "../monitoring.ts";

let folder: string;
const ending = new AbortController();
let ended: Promise<Ended>;
let told: { readonly port: number; readonly metricsUrl: string };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-monitoring-"));
  told = await new Promise((resolve, reject) => {
    ended = millrace(
      ["broker", "--data", join(folder, "a"), "--port", "0", "--metrics-port", "0", "--json"],
      { signal: ending.signal, onPrint: (line) => resolve(JSON.parse(line) as typeof told) },
    );
    void ended.then(({ err }) => reject(new Error(err)));
  });
});
afterAll(async () => {
  ending.abort();
  expect(await ended).toMatchObject({ code: 0, err: "" });
  rmSync(folder, { recursive: true, force: true });
});

const get = async (path: string) => {
  const answer = await fetch(`${told.metricsUrl}${path}`);
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    text: await answer.text(),
  };
};

test("a broker serves its metrics for Prometheus, on loopback", async () => {
  expect(told.metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const address = ["--bootstrap-server", `127.0.0.1:${told.port}`];
  await millrace(["topics", "create", "orders", "--partitions", "1", ...address]);
  await millrace(["produce", "orders", ...address], { lines: ["a", "b"] });
  const { status, type, text } = await get("/metrics");
  expect({ status, type }).toEqual({
    status: 200,
    type: "text/plain; version=0.0.4; charset=utf-8",
  });
  expect(text).toContain('kafka_server_brokertopicmetrics_messagesin_total{topic="orders"} 2\n');
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d*$/m);
  expect(text).toMatch(/^# HELP kafka_log_log_size .+\n# TYPE kafka_log_log_size gauge$/m);
  const names = new Set([...text.matchAll(/^([a-z]\w*)[ {]/gm)].map(([, name]) => name));
  expect([...names].filter((name) => !(name in metricDescriptions))).toEqual([]);
});

test("a broker that serves is healthy and ready", async () => {
  expect(await get("/health")).toMatchObject({ status: 200, text: "healthy\n" });
  expect(await get("/ready")).toMatchObject({ status: 200, text: "ready\n" });
  expect((await get("/")).status).toBe(404);
});

test("while the logs are opened it is healthy, not ready, and has the metrics of the process", async () => {
  const platform = nodePlatform({ logLevel: "silent" });
  const started: { broker?: Broker } = {};
  const app = monitoringApp(platform, () => started.broker);
  const ask = async (path: string) => {
    const answer = await app.fetch(new Request(`http://localhost${path}`));
    return [answer.status, await answer.text()] as const;
  };
  expect(await ask("/health")).toEqual([200, "healthy\n"]);
  expect(await ask("/ready")).toEqual([503, "opens its logs\n"]);
  const [status, text] = await ask("/metrics");
  expect(status).toBe(200);
  expect(text).toContain("process_start_time_seconds");
  expect(text).not.toContain("kafka_");
  const broker = (started.broker = await Broker.start(platform, {
    dataDirectory: join(folder, "b"),
    port: 0,
  }));
  await expect.poll(() => ask("/ready")).toEqual([200, "ready\n"]);
  await broker.close();
  expect(await ask("/ready")).toEqual([503, "its groups or transactions cannot be served\n"]);
});

test("beyond loopback the metrics want --insecure-listen, too", async () => {
  const words = ["broker", "--data", join(folder, "c"), "--port", "0", "--metrics-port", "0"];
  const { code, err } = await millrace([...words, "--metrics-host", "0.0.0.0"]);
  expect(code).toBe(2);
  expect(err).toContain("--metrics-host is 0.0.0.0");
});

test("a port of the metrics that is taken ends the start", async () => {
  const { port } = new URL(told.metricsUrl);
  const words = ["broker", "--data", join(folder, "d"), "--port", "0", "--metrics-port", port];
  const { code, err } = await millrace(words);
  expect(code).toBe(1);
  expect(err).toContain(port);
});
