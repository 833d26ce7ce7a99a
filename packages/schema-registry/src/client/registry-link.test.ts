import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";

import {
  fakeRegistry,
  html,
  json,
  refusal,
  testClient,
  type Answerer,
  type Events,
} from "../../test-support/fake-registry.ts";

const code = (name: string, more: object = {}) => expect.objectContaining({ code: name, ...more });

describe("REGISTRY-4: what is no registry, or none for now, is told as such", () => {
  test.each([200, 404])("a page in HTML with %i", async (status) => {
    const server = await fakeRegistry(html(status));
    const failure = testClient({ url: server.url }).subjects();
    await expect(failure).rejects.toEqual(code("NOT_A_REGISTRY", { status, retriable: false }));
    await expect(failure).rejects.toThrow(/text\/html.*Please sign in/);
    expect(server.seen).toHaveLength(1);
  });

  test("a redirect, which is not followed: it would take the sign-in elsewhere", async () => {
    const other = await fakeRegistry(json(200, []));
    const server = await fakeRegistry((response) =>
      response.writeHead(302, { location: `${other.url}/login` }).end(),
    );
    const failure = testClient({ url: server.url, auth: { token: "t" } }).subjects();
    await expect(failure).rejects.toEqual(code("NOT_A_REGISTRY", { status: 302 }));
    await expect(failure).rejects.toThrow(/redirects to .*login/);
    expect(other.seen).toEqual([]);
  });

  test.each([
    ["429", refusal(429, 42901)],
    ["500 with a code", refusal(500, 50001, "store failed")],
    ["502 in HTML", html(502)],
    ["a connection that breaks off", (response: ServerResponse) => void response.destroy()],
    [
      "a body that breaks off",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-length": "100" }).write("[");
        setImmediate(() => response.destroy());
      },
    ],
    [
      "JSON that breaks off",
      (response: ServerResponse) =>
        void response.writeHead(200, { "content-type": "application/json" }).end('["a'),
    ],
  ])("%s is tried again", async (_what, answerer) => {
    const server = await fakeRegistry(answerer, answerer, json(200, ["s"]));
    const logged: Events = [];
    expect(await testClient({ url: server.url, logged }).subjects()).toEqual(["s"]);
    expect(logged.map(([event]) => event)).toEqual([
      "schema-registry.unavailable",
      "schema-registry.available",
    ]);
  });

  test("until the time is over, which is a failure that may pass", async () => {
    const server = await fakeRegistry(refusal(503, 50301, "starting"));
    const made = testClient({ url: server.url, apiTimeout: "1s" });
    const failure = made.subjects();
    await expect(failure).rejects.toEqual(
      code("REGISTRY_UNAVAILABLE", { status: 503, retriable: true }),
    );
    await expect(failure).rejects.toThrow(/starting/);
    expect(server.seen.length).toBeGreaterThan(1);
  });

  test("pauses for as long as the registry asks for", async () => {
    const server = await fakeRegistry(
      (response) => {
        response.writeHead(429, { "retry-after": "1" }).end();
      },
      json(200, []),
    );
    const startMs = performance.now();
    await testClient({ url: server.url }).subjects();
    expect(performance.now() - startMs).toBeGreaterThan(950);
  });

  test("nobody at the address is told with the reason", async () => {
    const server = await fakeRegistry(json(200, []));
    const closed = server.url.replace(/\d+$/, "1");
    const failure = testClient({ url: closed, apiTimeout: 500 }).subjects();
    await expect(failure).rejects.toEqual(code("REGISTRY_UNAVAILABLE", { retriable: true }));
    await expect(failure).rejects.toThrow(/ECONNREFUSED|bad port/);
  });

  test.each(["head", "body"])("a slow %s counts as lost after requestTimeout", async (what) => {
    const slow: Answerer = (response) => {
      if (what === "body")
        response.writeHead(200, { "content-type": "application/json" }).write("[");
    };
    const server = await fakeRegistry(slow, json(200, ["s"]));
    expect(await testClient({ url: server.url, requestTimeout: 50 }).subjects()).toEqual(["s"]);
    const never = await fakeRegistry(slow);
    const failure = testClient({ url: never.url, requestTimeout: 50, apiTimeout: 120 }).subjects();
    await expect(failure).rejects.toThrow(/no whole answer within/);
  });

  test("an answer beyond the bound is not read on", async () => {
    let written = 0;
    const server = await fakeRegistry((response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && written < 2 ** 30) {
          written += 65536;
          if (!response.write("x".repeat(65536))) return void response.once("drain", more);
        }
      };
      more();
    });
    const failure = testClient({ url: server.url, answerBytesMax: 100_000 }).subjects();
    await expect(failure).rejects.toEqual(code("ANSWER_TOO_LARGE", { retriable: false }));
    expect(written).toBeLessThan(2 ** 26);
  });
});

describe("several addresses", () => {
  test("are tried in turn, without a pause, and the one that answered is asked first next time", async () => {
    const away = await fakeRegistry(refusal(503, 50301));
    const here = await fakeRegistry(json(200, ["s"]));
    const made = testClient({
      url: `${away.url}, ${here.url}`,
      retryBackoff: "10s",
      retryBackoffMax: "10s",
    });
    await made.subjects();
    await made.subjects();
    await made.versions("s").catch(() => {});
    expect(away.seen).toHaveLength(1);
    expect(here.seen).toHaveLength(3);
  });
});

describe("signals", () => {
  const silent: Answerer = () => {};

  test("end one caller's wait, with their reason; others of the same call go on", async () => {
    const server = await fakeRegistry((response) => {
      setTimeout(() => json(200, ["s"])(response, server.seen[0]), 50);
    });
    const made = testClient({ url: server.url });
    const ending = new AbortController();
    const ended = made.subjects({ signal: ending.signal });
    const other = made.subjects();
    ending.abort(new Error("enough"));
    await expect(ended).rejects.toThrow("enough");
    expect(await other).toEqual(["s"]);
    expect(server.seen).toHaveLength(1);
  });

  test("end a change, while it is sent and while it pauses", async () => {
    const server = await fakeRegistry(silent);
    const ending = new AbortController();
    const work = testClient({ url: server.url }).deleteSubject("s", { signal: ending.signal });
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    ending.abort(new Error("enough"));
    await expect(work).rejects.toThrow("enough");
    const away = await fakeRegistry(refusal(503, 50301));
    const pausing = new AbortController();
    const made = testClient({ url: away.url, retryBackoff: "1m", retryBackoffMax: "1m" });
    const paused = made.deleteSubject("s", { signal: pausing.signal });
    while (away.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    pausing.abort(new Error("enough"));
    await expect(paused).rejects.toThrow("enough");
  });

  test("close ends all calls, those to come too", async () => {
    const server = await fakeRegistry(silent);
    const made = testClient({ url: server.url });
    const work = made.subjects();
    await made.close();
    await made.close();
    await expect(work).rejects.toEqual(code("REGISTRY_CLIENT_CLOSED"));
    await expect(made.versions("s")).rejects.toEqual(code("REGISTRY_CLIENT_CLOSED"));
  });
});
