import { createServer as createHttp1, type Server as Http1Server } from "node:http";
import {
  createServer as createHttp2,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createRaw, type AddressInfo, type Server, type Socket } from "node:net";

import { nodePlatform } from "@millrace/platform/node";
import { afterEach, expect, test, vi } from "vitest";

import { makeCertificates } from "../test-support/certificates.ts";
import { HttpPeers } from "./http-peers.ts";
import { serveHttp } from "./serve-http.ts";
import type { PeerAnswer, PeerOptions } from "./peer-options.ts";
import { peerStreamsMax } from "./peer-session.ts";

const platform = nodePlatform({ logLevel: "silent" });
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function peersOf(options: Partial<PeerOptions> = {}): HttpPeers {
  const peers = new HttpPeers(platform, { scheme: "http", ...options });
  ends.push(() => peers.close());
  return peers;
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function http2(answer: (stream: ServerHttp2Stream, server: Http2Server) => void) {
  const server = createHttp2();
  const sessions: ServerHttp2Session[] = [];
  server.on("session", (session) => sessions.push(session.on("error", () => {})));
  server.on("stream", (stream) =>
    answer(
      stream.on("error", () => {}),
      server,
    ),
  );
  return { address: await listening(server), sessions };
}

const never = new AbortController().signal;

function post(peers: HttpPeers, address: string, signal = never): Promise<PeerAnswer> {
  return peers.post(address, { path: "/x", headers: { a: "b" }, body: "asked", signal });
}

async function text({ body }: PeerAnswer): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: Error) => error.message,
  );

const echo = (stream: ServerHttp2Stream): void => {
  stream.respond({ ":status": 200 });
  stream.pipe(stream);
};

test("many requests go by one connection", async () => {
  const { address, sessions } = await http2(echo);
  const peers = peersOf();
  const asked = Array.from({ length: 3 * peerStreamsMax }, () =>
    post(peers, address).then(async (answer) => [answer.status, await text(answer)]),
  );
  for (const answer of await Promise.all(asked)) expect(answer).toEqual([200, "asked"]);
  expect(sessions).toHaveLength(1);
});

test("no more requests are under way than one connection takes, and who waits can be given up", async () => {
  let open = 0;
  const held: ServerHttp2Stream[] = [];
  const { address } = await http2((stream) => {
    open += 1;
    held.push(stream);
  });
  const peers = peersOf();
  const asked = Array.from({ length: peerStreamsMax }, () => failureOf(post(peers, address)));
  await vi.waitFor(() => expect(open).toBe(peerStreamsMax));
  const ending = new AbortController();
  const givenUp = failureOf(post(peers, address, ending.signal));
  const next = post(peers, address);
  ending.abort(new Error("given up"));
  expect(await givenUp).toBe("given up");
  held[0].respond({ ":status": 204 }, { endStream: true });
  await vi.waitFor(() => expect(open).toBe(peerStreamsMax + 1));
  held[peerStreamsMax].respond({ ":status": 203 }, { endStream: true });
  expect((await next).status).toBe(203);
  peers.close();
  await Promise.all(asked);
});

test("who reads slowly has the peer wait, and nobody else", async () => {
  let sent = 0;
  const { address } = await http2((stream) => {
    if (sent > 0) {
      echo(stream);
      return;
    }
    stream.respond({ ":status": 200 });
    const give = (): void => {
      while (!stream.destroyed && stream.write(Buffer.alloc(16 * 1024))) sent += 16;
      sent += 16;
    };
    stream.on("drain", give);
    give();
  });
  const peers = peersOf();
  const slow = (await post(peers, address)).body[Symbol.asyncIterator]();
  await slow.next();
  let before = -1;
  await vi.waitFor(() => {
    const isStill = before === sent;
    before = sent;
    expect(isStill).toBe(true);
  });
  expect(sent).toBeLessThan(1024);
  expect(await text(await post(peers, address))).toBe("asked");
  expect((await slow.next()).done).toBe(false);
  await slow.return?.();
});

test("a peer without HTTP/2 is asked over HTTP/1.1, by connections that are kept", async () => {
  const server: Http1Server = createHttp1((request, response) => request.pipe(response));
  const sockets = vi.fn<() => void>();
  server.on("connection", sockets);
  const address = await listening(server);
  const peers = peersOf();
  for (let turn = 0; turn < 5; turn++) expect(await text(await post(peers, address))).toBe("asked");
  // One that was greeted by HTTP/2, and one that is kept.
  expect(sockets).toHaveBeenCalledTimes(2);
});

test("a peer over TLS must have a certificate that is vouched for", async () => {
  const certificates = makeCertificates();
  ends.push(() => certificates.remove());
  const { ca, cert, key } = certificates;
  const app = { fetch: async (request: Request) => new Response(await request.text()) };
  const server = await serveHttp(platform, app, { tls: { cert, key, ca } });
  ends.push(() => void server.close());
  const address = `127.0.0.1:${server.address.port}`;
  const known = peersOf({ scheme: "https", tls: { ca, cert, key } });
  expect(await text(await post(known, address))).toBe("asked");
  expect(await failureOf(post(peersOf({ scheme: "https" }), address))).toMatch(/certificate/);
  // After the handshake, in which a client is not told what its server thinks of it.
  const nobody = peersOf({ scheme: "https", tls: { ca }, connectMs: 300 });
  expect(await failureOf(post(nobody, address))).not.toBe("none");
});

test("a peer that goes away lets what is under way end, and is asked again by another connection", async () => {
  const { address, sessions } = await http2((stream) => {
    stream.session?.close();
    echo(stream);
  });
  const peers = peersOf();
  expect(await text(await post(peers, address))).toBe("asked");
  await vi.waitFor(() => expect(sessions[0].destroyed).toBe(true));
  expect(await text(await post(peers, address))).toBe("asked");
  expect(sessions).toHaveLength(2);
});

test("an answer that breaks off is none", async () => {
  for (const cut of ["stream", "connection"]) {
    const { address } = await http2((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half", () =>
        cut === "stream" ? stream.destroy(new Error("cut")) : stream.session?.socket.destroy(),
      );
    });
    const answer = await post(peersOf(), address);
    expect(await failureOf(text(answer)), cut).not.toBe("none");
  }
});

test("headers beyond the bound are no answer", async () => {
  const { address } = await http2((stream) => {
    stream.respond({ ":status": 200, x: "y".repeat(60_000) }, { endStream: true });
  });
  const peers = peersOf();
  // Until both have agreed on the settings Node's own bound holds, which is wider.
  await post(peers, address);
  expect(await failureOf(post(peers, address))).toMatch("ENHANCE_YOUR_CALM");
});

test.each([
  ["accepts, and says nothing", "no connection within 100 ms"],
  ["says hello, and then nothing", "no sign of life for 100 ms"],
])("a peer that %s is given up", async (kind, message) => {
  const server = createRaw((socket) => {
    // Settings, and that ours are taken.
    if (kind.startsWith("says"))
      socket.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0));
    socket.on("error", () => {}).resume();
  });
  const peers = peersOf({ connectMs: 100, silenceMs: 50, pingMs: 50 });
  expect(await failureOf(post(peers, await listening(server)))).toBe(message);
});

test("a peer without HTTP/2 that takes requests and says nothing is given up", async () => {
  let isSilent = false;
  const server = createHttp1((_, response) => {
    if (!isSilent) response.end("once");
  });
  const address = await listening(server);
  const peers = peersOf({ silenceMs: 50, pingMs: 50 });
  expect(await text(await post(peers, address))).toBe("once");
  isSilent = true;
  expect(await failureOf(post(peers, address))).toBe("silent for 100 ms");
}, 4000);

test("a peer that lives and takes its time is waited for", async () => {
  const { address } = await http2((stream) => void setTimeout(() => echo(stream), 400));
  const peers = peersOf({ silenceMs: 50, pingMs: 150 });
  expect(await text(await post(peers, address))).toBe("asked");
});

test("a connection that nobody needs is closed", async () => {
  const { address, sessions } = await http2(echo);
  const peers = peersOf({ silenceMs: 20, idleMs: 40 });
  await text(await post(peers, address));
  await vi.waitFor(() => expect(sessions[0].destroyed).toBe(true));
});

test("a connection that is asked by now and then stays", async () => {
  const { address, sessions } = await http2(echo);
  const peers = peersOf({ silenceMs: 60, idleMs: 120 });
  for (let count = 0; count < 12; count++) {
    await text(await post(peers, address));
    await platform.timers.sleep(25);
  }
  expect(sessions).toHaveLength(1);
});

test("a close breaks what is under way on a connection that takes no more", async () => {
  const { address } = await http2((stream) => {
    stream.session?.close();
    stream.respond({ ":status": 200 });
    stream.write("half");
  });
  const peers = peersOf();
  const answer = await post(peers, address);
  await vi.waitFor(async () => expect((await post(peers, address)).status).toBe(200));
  peers.close();
  expect(await failureOf(text(answer))).not.toBe("none");
}, 4000);

test("a wait for an answer ends with its signal, and with a close", async () => {
  const asked = vi.fn<() => void>();
  const { address } = await http2(asked);
  const peers = peersOf();
  const ending = new AbortController();
  const given = failureOf(post(peers, address, ending.signal));
  const other = failureOf(post(peers, address));
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2));
  ending.abort(new Error("no longer wanted"));
  expect(await given).toBe("no longer wanted");
  peers.close();
  expect(await other).not.toBe("none");
  expect(await failureOf(post(peers, address))).toMatch("it is closed");
});
