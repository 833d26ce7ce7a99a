import { OptionError } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { SnapshotError } from "@millrace/state";
import { describe, expect, it } from "vitest";

import { LocalAnswers } from "../query/local-answers.ts";
import { QueryService } from "../query/query-service.ts";
import { QueryableStores } from "../query/queryable-stores.ts";
import { appHandler, type AppHandlerParts, type HandlerOptions } from "./app-handler.ts";
import type { StreamsState } from "./application-state.ts";

function handlerOf(
  state: StreamsState,
  querySecret?: string,
  options?: HandlerOptions,
  snapshot?: AppHandlerParts["snapshot"],
) {
  const stores = new QueryableStores([], []);
  const local = new LocalAnswers({
    stores,
    find: () => undefined,
    platform: memoryPlatform(),
    isolation: "committed",
  });
  const service = new QueryService(local, "application");
  const parts = { service, state: () => state, tasks: () => ["0_1"], querySecret, snapshot };
  return appHandler(parts, options);
}

const get = (path: string): Request => new Request(`http://here${path}`);
const ask = (authorization?: string): Request =>
  new Request("http://here/millrace/query", {
    method: "POST",
    body: "{}",
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });

const queried = '{"store":"a","partition":0,"question":{"kind":"count"}}';
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const names = (count: number): string =>
  Array.from({ length: count }, (_, index) => `"n${index}":1,`).join("");

describe("the handler of an application", () => {
  it.each<[StreamsState, number, number]>([
    ["running", 200, 200],
    ["rebalancing", 200, 503],
    ["closing", 503, 503],
    ["failed", 503, 503],
  ])("tells how it is: %s", async (state, health, ready) => {
    const handler = handlerOf(state);
    const answer = await handler(get("/millrace/health"));
    expect(answer.status).toBe(health);
    expect(await answer.json()).toEqual({ state, tasks: ["0_1"] });
    expect((await handler(get("/millrace/ready"))).status).toBe(ready);
    expect((await handler(get("/health"))).status).toBe(404);
  });

  it.each([
    ["arrays without an end", "[".repeat(1024 * 1024)],
    ["objects without an end", '{"question":'.repeat(80_000)],
    ["a deep question", `{"store":"a","partition":0,"question":${nested(400_000)}}`],
    ["a long name", `{${JSON.stringify("x".repeat(1_000_000))}:1}`],
    ["a name again and again", `{${'"store":"a",'.repeat(80_000)}"partition":0}`],
    ["other names without an end", `{${names(60_000)}"store":"a","partition":0}`],
    [
      "a prototype",
      `{"__proto__":${queried},"constructor":${queried},"applicationId":"application"}`,
    ],
    [
      "a prototype of its question",
      `{"store":"a","partition":0,"question":{"__proto__":{"kind":"count"}}}`,
    ],
    ["a bound that is no key", `{"store":"a","partition":0,"question":{"kind":"range","from":5}}`],
  ])("refuses what is no query by name, in time: %s", async (_, body) => {
    const handler = handlerOf("running", undefined, { authorize: () => true });
    const { user, system } = process.cpuUsage();
    const answer = await handler(
      new Request("http://here/millrace/query", { method: "POST", body }),
    );
    expect(await answer.json()).toMatchObject({ error: { code: "WRONG_QUERY" } });
    const spent = process.cpuUsage();
    expect(spent.user + spent.system - user - system).toBeLessThan(2_000_000);
    expect(Object.keys(Object.prototype)).toEqual([]);
    const more = new Request("http://here/millrace/query", {
      method: "POST",
      body: body.padEnd(2 ** 20 + 1),
    });
    expect((await handler(more)).status).toBe(413);
  });

  it("copies the state for those who show the secret, where there is a place for it", async () => {
    const secret = "a long secret";
    const post = (path: string, authorization = `Bearer ${secret}`): Request =>
      new Request(`http://here${path}`, { method: "POST", headers: { authorization } });
    const none = await handlerOf("running", secret)(post("/millrace/snapshot"));
    expect(none.status).toBe(409);
    const asked: unknown[] = [];
    const handler = handlerOf("running", secret, {}, ({ keep }) => {
      asked.push(keep);
      if (keep === 0) throw new OptionError("INVALID_OPTION", "keep is at least 1");
      if (keep === 9) throw new SnapshotError("SNAPSHOT_STORE_FAILED", "the disk is full");
      return Promise.resolve([{ task: "0_1", id: "1", rows: 2, lengthBytes: 3 }]);
    });
    expect((await handler(post("/millrace/snapshot", "Bearer x"))).status).toBe(403);
    const answer = await handler(post("/millrace/snapshot"));
    expect(await answer.json()).toEqual([{ task: "0_1", id: "1", rows: 2, lengthBytes: 3 }]);
    expect((await handler(post("/millrace/snapshot?keep=2"))).status).toBe(200);
    expect((await handler(post("/millrace/snapshot?keep=0"))).status).toBe(400);
    expect((await handler(post("/millrace/snapshot?keep=9"))).status).toBe(503);
    expect(asked).toEqual([undefined, 2, 0, 9]);
  });

  it("has nobody copy the state whom its server lets ask, and nobody meanwhile", async () => {
    const secret = "a long secret";
    const post = (authorization?: string): Request =>
      new Request("http://here/millrace/snapshot", {
        method: "POST",
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      });
    const { promise, resolve } = Promise.withResolvers<readonly []>();
    let copies = 0;
    const copy = () => {
      copies += 1;
      return promise;
    };
    const letsAll = { authorize: () => true };
    expect((await handlerOf("running", undefined, letsAll, copy)(post())).status).toBe(403);
    const handler = handlerOf("running", secret, letsAll, copy);
    expect((await handler(post())).status).toBe(403);
    expect(copies).toBe(0);
    const first = handler(post(`Bearer ${secret}`));
    expect((await handler(post(`Bearer ${secret}`))).status).toBe(429);
    resolve([]);
    const empty = await first; // no task with state is here: that is no error
    expect([empty.status, await empty.json()]).toEqual([200, []]);
    expect((await handler(post(`Bearer ${secret}`))).status).toBe(200);
    expect(copies).toBe(2);
  });

  it("lets those alone ask who show the secret, or whom its server lets", async () => {
    const secret = "a long secret";
    expect((await handlerOf("running")(ask(`Bearer ${secret}`))).status).toBe(403);
    const handler = handlerOf("running", secret);
    for (const wrong of [
      undefined,
      "",
      "Bearer",
      "Bearer a long secre",
      `Bearer ${secret}x`,
      secret,
    ])
      expect((await handler(ask(wrong))).status, wrong).toBe(403);
    const answer = await handler(ask(`Bearer ${secret}`));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("WRONG_QUERY");
    const own = handlerOf("running", undefined, { path: "/inner", authorize: () => true });
    const request = new Request("http://here/inner/query", { method: "POST", body: "" });
    expect((await own(request)).status).toBe(200);
  });

  it("refuses a longer query once it is too long, not once it has ended", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        if (sent > 2 ** 26) throw new Error("all of it was read");
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const request = new Request("http://here/millrace/query", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    const handler = handlerOf("running", undefined, { authorize: () => true });
    expect((await handler(request)).status).toBe(413);
    expect(sent).toBeLessThan(2 ** 21);
  });
});
