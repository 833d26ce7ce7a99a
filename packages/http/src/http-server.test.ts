import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";
import { Hono } from "hono";
import { afterEach, expect, test, vi } from "vitest";

import type { HttpOptions } from "./http-options.ts";
import type { HttpServer } from "./http-server.ts";
import { serveHttp } from "./serve-http.ts";

const platform = nodePlatform({ logLevel: "silent" });
const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

interface Hold {
  readonly entered: Promise<void>;
  release(): void;
  enter(): Promise<void>;
}

function hold(): Hold {
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const enter = async (): Promise<void> => {
    entered.resolve();
    await released.promise;
  };
  return { entered: entered.promise, release: () => released.resolve(), enter };
}

async function serve(options: HttpOptions = {}, held = hold()): Promise<HttpServer> {
  const app = new Hono();
  app.get("/", (context) => context.text("here"));
  app.post("/echo", async (context) => context.text(await context.req.text()));
  app.get("/slow", async (context) => {
    await held.enter();
    return context.text("late");
  });
  const server = await serveHttp(platform, app, options);
  open.push(server);
  return server;
}

function ask(
  server: HttpServer,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string; readonly answer: IncomingMessage }> {
  const { port } = server.address;
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, path, headers, host: "127.0.0.1" }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, answer }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Writes to the port, and gives all that came until the server closed. */
function raw(server: HttpServer, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket: Socket = connect(server.address.port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

test("an app is served on a free port of loopback", async () => {
  const server = await serve();
  const answer = await fetch(`${server.url}/`);
  expect([answer.status, await answer.text()]).toEqual([200, "here"]);
  expect(server.url).toBe(`http://127.0.0.1:${server.address.port}`);
});

test("a port in use is told as such", async () => {
  const first = await serve();
  const second = serve({ port: first.address.port });
  await expect(second).rejects.toMatchObject({ code: "ADDRESS_IN_USE" });
});

test("an address that others reach wants TLS and sign-in, or to be told that it needs neither", async () => {
  const signIn = { users: { ada: "secret" } };
  for (const options of [{}, { signIn }]) {
    const refused = await serve({ host: "0.0.0.0", ...options }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "INVALID_OPTION" });
    expect(String(refused)).toContain("beyond loopback");
    expect(String(refused)).not.toContain("secret");
  }
  const server = await serve({ host: "0.0.0.0", allowInsecure: true });
  expect((await ask(server, "/", { host: "anything.example" })).status).toBe(200);
});

test("requests that call another name than this server's are refused on loopback", async () => {
  const server = await serve({ allowedHosts: ["registry.local"] });
  const status = async (host: string) => (await ask(server, "/", { host })).status;
  expect(await status("attacker.example")).toBe(421);
  expect(await raw(server, "GET / HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n")).not.toContain(
    "200",
  );
  expect(await status("127.0.0.1.attacker.example:80")).toBe(421);
  for (const host of ["localhost:80", "LOCALHOST", "127.0.0.1", "[::1]:9", "registry.local:1"])
    expect(await status(host)).toBe(200);
});

test("who does not sign in is refused, with what to try", async () => {
  const server = await serve({ signIn: { users: { ada: "p:w ü" }, tokens: ["t-1"] } });
  const status = async (authorization: string) =>
    (await ask(server, "/", { authorization })).status;
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const refused = await ask(server, "/");
  expect(refused.status).toBe(401);
  expect(refused.answer.headers["www-authenticate"]).toContain("Basic");
  expect(await status(basic("ada:p:w ü"))).toBe(200);
  expect(await status("bearer t-1")).toBe(200);
  for (const wrong of [basic("ada:p"), basic("eve:p:w ü"), "Bearer t-2", "Bearer ", "Basic t-1"])
    expect(await status(wrong)).toBe(401);
  expect(await status(`Bearer ${Buffer.from("ada:p:w ü").toString("base64")}`)).toBe(401);
});

test("a body beyond the bound is refused, whether its length is told or not", async () => {
  const server = await serve({ bodyBytesMax: 1000 });
  const post = async (body: BodyInit) =>
    (await fetch(`${server.url}/echo`, { method: "POST", body, duplex: "half" } as RequestInit))
      .status;
  const streamed = (bytes: number) => new Blob(["x".repeat(bytes)]).stream();
  expect(await post("x".repeat(1000))).toBe(200);
  expect(await post("x".repeat(1001))).toBe(413);
  expect(await post(streamed(1000))).toBe(200);
  expect(await post(streamed(7000))).toBe(413);
});

test("who sent too much is served again, by another connection", async () => {
  const server = await serve({ bodyBytesMax: 1_000_000 });
  for (let round = 0; round < 3; round++) {
    const body = "x".repeat(7_000_000);
    expect((await fetch(`${server.url}/echo`, { method: "POST", body })).status).toBe(413);
    expect((await fetch(`${server.url}/`)).status).toBe(200);
  }
});

test("what is no HTTP, and headers without an end, are told so and closed", async () => {
  const server = await serve();
  expect(await raw(server, "nonsense\r\n\r\n")).toContain("400 Bad Request");
  const long = `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
  expect(await raw(server, long)).toContain("431");
});

test.each(["", "GET / HTTP/1.1\r\nhost: loc"])(
  "a sender that stops after %j is closed after headersTimeout",
  async (text) => {
    const server = await serve({ headersTimeout: 200, requestTimeout: 400 });
    await raw(server, text);
  },
);

test("a sender that stops within the body is closed after requestTimeout", async () => {
  const server = await serve({ headersTimeout: 200, requestTimeout: 400 });
  const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx";
  expect(await raw(server, head)).toMatch(/^(?:HTTP\/1\.1 408.*)?/);
});

test("connections beyond the bound are closed, the others are served", async () => {
  const server = await serve({ connectionsMax: 2 });
  const { port } = server.address;
  const idle = [1, 2].map(() => connect(port, "127.0.0.1"));
  await Promise.all(
    idle.map((socket) => new Promise((resolve) => socket.once("connect", resolve))),
  );
  idle[0].write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const answer = await new Promise<Buffer>((resolve) => idle[0].once("data", resolve));
  expect(await raw(server, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")).toBe("");
  expect(answer.toString()).toContain("200 OK");
  for (const socket of idle) socket.destroy();
});

test("requests beyond the bound are told to come again", async () => {
  const held = hold();
  const server = await serve({ requestsMax: 1 }, held);
  const slow = fetch(`${server.url}/slow`);
  await held.entered;
  expect((await fetch(`${server.url}/`)).status).toBe(503);
  held.release();
  expect(await (await slow).text()).toBe("late");
  expect((await fetch(`${server.url}/`)).status).toBe(200);
});

test("senders that stop within their bodies give way to those who have no room", async () => {
  const server = await serve({ requestsMax: 2, closeTimeout: 50 });
  const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nx";
  const stopped = [1, 2].map(() => raw(server, head));
  await vi.waitFor(async () => expect((await fetch(`${server.url}/`)).status).toBe(503));
  const isServed = async () => expect((await fetch(`${server.url}/`)).status).toBe(200);
  await vi.waitFor(isServed, { timeout: 20_000, interval: 100 });
  expect(await Promise.race(stopped)).toContain("408");
  await server.close();
});

test("a close lets a request under way end, and takes no other", async () => {
  const held = hold();
  const server = await serve({}, held);
  const slow = fetch(`${server.url}/slow`);
  await held.entered;
  const closing = server.close();
  await expect(fetch(`${server.url}/`)).rejects.toThrow("fetch failed");
  held.release();
  expect(await (await slow).text()).toBe("late");
  await closing;
  await server.close();
});

test("a close ends though a request never does", async () => {
  const held = hold();
  const server = await serve({ closeTimeout: 50 }, held);
  const slow = fetch(`${server.url}/slow`).catch(() => "broken");
  await held.entered;
  await server.close();
  expect(await slow).toBe("broken");
  held.release();
});

test("TLS is served with a certificate", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-http-"));
  try {
    const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
    const ask = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost";
    execFileSync("openssl", [...ask.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
    const server = await serve({ tls });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { port } = server.address;
      const sent = tlsRequest({ host: "localhost", port, ca: tls.cert }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject);
      sent.end();
    });
    expect([status, server.url.slice(0, 8)]).toEqual([200, "https://"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the log has the port that was taken", async () => {
  const told: unknown[] = [];
  const logger: Logger = {
    isEnabled: () => true,
    log: (level, event, fields) => told.push({ level, event, fields }),
  };
  const server = await serveHttp({ ...platform, logger }, new Hono());
  open.push(server);
  const { host, port } = server.address;
  expect(port).toBeGreaterThan(0);
  expect(told).toEqual([{ level: "info", event: "http.listening", fields: { host, port } }]);
});
