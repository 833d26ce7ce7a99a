import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { HttpPeers } from "@millrace/http";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { httpTransport } from "./http-transport.ts";

async function asked(
  answer: RequestListener,
  use: (lines: AsyncIterable<string>) => Promise<unknown>,
): Promise<unknown> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  using peers = new HttpPeers(nodePlatform({ logLevel: "silent" }), { scheme: "http" });
  const transport = httpTransport(peers, "a secret");
  try {
    return await use(transport.ask(`127.0.0.1:${port}`, "{}", new AbortController().signal));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function all(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const list: string[] = [];
  for await (const line of lines) list.push(line);
  return list;
}

const failure = (lines: AsyncIterable<string>): Promise<unknown> =>
  all(lines).then(
    () => undefined,
    (error: unknown) => error,
  );

test("the lines of an answer come whole, however they were cut", async () => {
  const lines = await asked((request, response) => {
    expect(request.headers.authorization).toBe("Bearer a secret");
    response.write('{"ü":');
    setTimeout(() => response.end("1}\n2\n"), 5);
  }, all);
  expect(lines).toEqual(['{"ü":1}', "2"]);
});

test.each<[string, RequestListener, string, boolean]>([
  [
    "an instance that breaks off is tried again",
    (_, response) => {
      response.write("1\n2");
      setTimeout(() => response.destroy(), 5);
    },
    "INSTANCE_UNREACHABLE",
    true,
  ],
  [
    "an instance that is being started is tried again",
    (_, response) => response.writeHead(503).end(),
    "INSTANCE_UNREACHABLE",
    true,
  ],
  [
    "one that sends on to another is not followed",
    (request, response) =>
      request.url === "/elsewhere"
        ? response.end("1\n")
        : response.writeHead(307, { location: "/elsewhere" }).end(),
    "INSTANCE_UNREACHABLE",
    true,
  ],
  [
    "one that refuses is not",
    (_, response) => response.writeHead(403).end(),
    "QUERY_REFUSED",
    false,
  ],
])("%s", async (_name, answer, code, retriable) => {
  expect(await asked(answer, failure)).toMatchObject({ code, retriable });
});
