import { once } from "node:events";
import { connect, constants, type ClientHttp2Session } from "node:http2";
import { connect as connectRaw } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";

import { nodePlatform } from "@millrace/platform/node";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import { makeCertificates, type Certificates } from "../test-support/certificates.ts";
import type { HttpOptions } from "./http-options.ts";
import type { HttpServer } from "./http-server.ts";
import { serveHttp } from "./serve-http.ts";

const platform = nodePlatform({ logLevel: "silent" });
const servers: HttpServer[] = [];
const sessions: ClientHttp2Session[] = [];
let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const server of servers.splice(0)) await server.close();
});

/** Of an endless answer, what was taken. */
let taken = 0;
let release: () => void = () => {};
/** Of the requests for `/` and `/endless`, in their order. */
const signals: AbortSignal[] = [];

async function serve(options: HttpOptions = {}): Promise<HttpServer> {
  const app = new Hono();
  const released = new Promise<void>((resolve) => (release = resolve));
  taken = 0;
  signals.length = 0;
  app.get("/", (context) => {
    signals.push(context.req.raw.signal);
    return context.text(context.req.header("host") ?? "nobody");
  });
  app.get("/closing", (context) => context.text("x", 200, { connection: "close" }));
  app.get("/forbidden", (context) => context.text("x", 200, { te: "gzip", "http2-settings": "x" }));
  app.get("/unwilling", async () => {
    await released;
    const cancel = (): never => {
      throw new Error("it does not want to end");
    };
    return new Response(new ReadableStream({ cancel }));
  });
  app.post("/echo", async (context) => context.text(await context.req.text()));
  app.get("/late", async (context) => {
    await released;
    return context.text("late");
  });
  app.get("/endless", ({ req }) => {
    signals.push(req.raw.signal);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        taken += 1;
        controller.enqueue(new Uint8Array(16 * 1024));
      },
    });
    return new Response(body);
  });
  app.get("/half", () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
    });
    return new Response(body);
  });
  const server = await serveHttp(platform, app, { closeTimeout: 2000, ...options });
  servers.push(server);
  return server;
}

function open(server: HttpServer, options: object = {}): ClientHttp2Session {
  const session = connect(server.url.replace("127.0.0.1", "localhost"), options);
  session.on("error", () => {});
  sessions.push(session);
  return session;
}

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly code: number;
}

function ask(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Asked> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: body === undefined });
    let [status, text] = [0, ""];
    stream.on("response", (answer) => (status = answer[":status"] ?? 0));
    stream.setEncoding("utf8").on("data", (part: string) => (text += part));
    stream.on("error", () => {});
    stream.on("close", () => resolve({ status, text, code: stream.rstCode }));
    if (body !== undefined) stream.end(body);
  });
}

const get = (session: ClientHttp2Session, path = "/"): Promise<Asked> =>
  ask(session, { ":path": path });
const post = (session: ClientHttp2Session, body: string): Promise<Asked> =>
  ask(session, { ":path": "/echo", ":method": "POST" }, body);

test("one port speaks HTTP/1.1 and HTTP/2", async () => {
  const server = await serve();
  const session = open(server);
  expect(await get(session)).toEqual({
    status: 200,
    text: `localhost:${server.address.port}`,
    code: 0,
  });
  expect((await post(session, "é".repeat(1000))).text).toBe("é".repeat(1000));
  expect((await get(session, "/closing")).status).toBe(200);
  expect(await (await fetch(`${server.url}/`)).text()).toBe(`127.0.0.1:${server.address.port}`);
});

test("a client whose first bytes come one by one is understood", async () => {
  const { address } = await serve();
  const socket = connectRaw(address.port, "127.0.0.1");
  socket.setNoDelay(true);
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  for (const byte of Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings])) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer[3]).toBe(4); // SETTINGS
  socket.destroy();
});

test("headers beyond the bound end a request, and no other", async () => {
  const session = open(await serve());
  const long = { ":path": "/", long: "x".repeat(20_000) };
  expect((await ask(session, long)).status).toBe(431);
  // Once the settings are agreed, Node refuses it by itself.
  expect((await ask(session, long)).code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  expect((await get(session)).status).toBe(200);
});

test("a body beyond the bound is refused, and the next request is answered", async () => {
  const session = open(await serve({ bodyBytesMax: 1000 }));
  expect((await post(session, "x".repeat(1001))).status).toBe(413);
  expect((await post(session, "x".repeat(500_000))).status).toBe(413);
  expect((await post(session, "x".repeat(1000))).text).toHaveLength(1000);
});

test("a refused body takes nobody's room, and holds up no close", async () => {
  const server = await serve({ bodyBytesMax: 1000, requestsMax: 1 });
  const session = open(server);
  expect((await post(session, "x".repeat(40_000))).status).toBe(413);
  expect((await get(session)).status).toBe(200);
  const beginMs = performance.now();
  await server.close();
  expect(performance.now() - beginMs).toBeLessThan(1000);
});

test("a client that has gone within a body holds up no close", async () => {
  const server = await serve();
  const session = open(server);
  const stream = session.request({ ":path": "/echo", ":method": "POST" });
  stream.on("error", () => {}).write("x");
  await get(session);
  session.destroy();
  await once(session, "close");
  const beginMs = performance.now();
  await server.close();
  expect(performance.now() - beginMs).toBeLessThan(1000);
});

test("a server of loopback is not called by another name, whatever stands beside it", async () => {
  const session = open(await serve());
  const asked = await ask(session, { ":path": "/", ":authority": "evil.example" });
  expect(asked.status).toBe(421);
  const both = { ":path": "/", ":authority": "evil.example", host: "localhost" };
  expect((await ask(session, both)).status).toBe(421);
});

test("requests beyond the bound are told to come again", async () => {
  const server = await serve({ requestsMax: 2 });
  const slow = [open(server), open(server)].map((session) => get(session, "/late"));
  const session = open(server);
  await vi.waitFor(async () => expect((await get(session)).status).toBe(503));
  release();
  for (const { text } of await Promise.all(slow)) expect(text).toBe("late");
  expect((await get(session)).status).toBe(200);
});

test("senders that stop within their bodies give way to those who have no room", async () => {
  const server = await serve({ requestsMax: 2 });
  const stopped = open(server);
  const streams = [1, 2].map(() => stopped.request({ ":path": "/echo", ":method": "POST" }));
  for (const stream of streams) stream.on("error", () => {}).write("x");
  const statuses = streams.map((stream) => once(stream, "response"));
  const session = open(server);
  await vi.waitFor(async () => expect((await get(session)).status).toBe(503));
  await vi.waitFor(async () => expect((await get(session)).status).toBe(200), {
    timeout: 5000,
    interval: 100,
  });
  const [[answer]] = (await Promise.race(statuses.map((one) => one.then((found) => [found])))) as [
    [Record<string, number>],
  ];
  expect(answer[":status"]).toBe(408);
});

test("no more is taken of an answer than its reader takes, and one that takes nothing is cut off", async () => {
  const server = await serve({ idleTimeout: 500 });
  const session = open(server);
  const stream = session.request({ ":path": "/endless" });
  stream.on("error", () => {});
  await once(stream, "response");
  stream.pause();
  await vi.waitFor(() => expect(taken).toBeGreaterThan(0));
  let before = -1;
  await vi.waitFor(() => {
    const isStill = taken === before;
    before = taken;
    expect(isStill).toBe(true);
  });
  expect(taken * 16).toBeLessThan(512);
  await new Promise((resolve) => stream.once("close", resolve));
});

test("an answer that is cut off does not end as a whole one does", async () => {
  const idle = await serve({ idleTimeout: 300 });
  const { code } = await get(open(idle), "/half");
  expect(code).not.toBe(constants.NGHTTP2_NO_ERROR);
  const closed = await serve({ closeTimeout: 50 });
  const stream = open(closed).request({ ":path": "/half" });
  await once(
    stream.on("error", () => {}),
    "data",
  );
  await closed.close();
  await vi.waitFor(() => expect(stream.closed).toBe(true));
  expect(stream.rstCode).not.toBe(constants.NGHTTP2_NO_ERROR);
});

test("the signal of a request tells that its sender has gone, and nothing once it was answered", async () => {
  const session = open(await serve());
  await get(session);
  const stream = session.request({ ":path": "/endless" });
  await once(stream, "response");
  stream.close(constants.NGHTTP2_CANCEL);
  await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]));
});

test("streams that are opened and given up by the thousand keep nobody from an answer", async () => {
  const server = await serve();
  const session = open(server);
  for (let index = 0; index < 5000 && !session.destroyed; index++) {
    const stream = session.request({ ":path": "/late" });
    stream.on("error", () => {}).close(constants.NGHTTP2_CANCEL);
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const other = open(server);
  await vi.waitFor(async () => expect((await get(other)).status).toBe(200), { timeout: 5000 });
});

test("headers that HTTP/2 forbids, and answers that fail as they end, harm nobody", async () => {
  const session = open(await serve());
  expect(await get(session, "/forbidden")).toMatchObject({ status: 200, text: "x" });
  const stream = session.request({ ":path": "/unwilling" });
  stream.on("error", () => {});
  await get(session);
  stream.close(constants.NGHTTP2_CANCEL);
  await get(session);
  release();
  expect((await get(session)).status).toBe(200);
});

test("a close lets a request under way end, and takes no other", async () => {
  const server = await serve();
  const session = open(server);
  const silent = connectRaw(server.address.port, "127.0.0.1");
  await once(silent, "connect");
  const slow = get(session, "/late");
  await get(session);
  const goaway = once(session, "goaway");
  const closing = server.close();
  await goaway;
  release();
  expect((await slow).text).toBe("late");
  await closing;
});

test("a close ends though a request never does", async () => {
  const server = await serve({ closeTimeout: 50 });
  const session = open(server);
  const slow = get(session, "/late");
  await get(session);
  await server.close();
  expect((await slow).status).toBe(0);
});

test("who does not end its handshake is closed after headersTimeout, and holds up no close", async () => {
  const { cert, key } = certificates;
  const server = await serve({ tls: { cert, key }, headersTimeout: 200 });
  const silent = connectRaw(server.address.port, "127.0.0.1").on("error", () => {});
  await once(silent.resume(), "close");
  const plain = connectRaw(server.address.port, "127.0.0.1").on("error", () => {});
  plain.write("GET / HTTP/1.1\r\n\r\n");
  await once(plain.resume(), "close");
  const patient = await serve({ tls: { cert, key }, headersTimeout: 60_000 });
  const other = connectRaw(patient.address.port, "127.0.0.1").on("error", () => {});
  await once(other, "connect");
  const closed = once(other.resume(), "close");
  const beginMs = performance.now();
  await patient.close();
  expect(performance.now() - beginMs).toBeLessThan(1000);
  await closed;
}, 8000);

test("with TLS the handshake says which is spoken; with a ca who may speak", async () => {
  const { ca, cert, key } = certificates;
  const server = await serve({ tls: { cert, key, ca } });
  expect((await get(open(server, { ca, cert, key }))).status).toBe(200);
  const { port } = server.address;
  const socket: TLSSocket = connectTls({ port, host: "localhost", ca, cert, key });
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toContain("HTTP/1.1 200 OK");
  const nobody = open(server, { ca });
  expect((await get(nobody)).status).toBe(0);
});
