import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, test, vi } from "vitest";

import { nodeListener } from "./node-listener.ts";

test("a listener whose server cannot be loaded answers 500 and warns, and the next request tries again", async () => {
  const broken = "@hono/node-server";
  vi.doMock(broken, () => {
    throw new Error("not installed");
  });
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const server = createServer(nodeListener(() => new Response("here"))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<unknown[]> => {
    const signal = AbortSignal.timeout(1000);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal });
    return [answer.status, await answer.text()];
  };
  try {
    expect(await ask()).toEqual([500, '{"error":"the request failed"}']);
    expect(warn).toHaveBeenCalledOnce();
    vi.doUnmock(broken);
    expect(await ask()).toEqual([200, "here"]);
  } finally {
    warn.mockRestore();
    vi.doUnmock(broken);
    server.closeAllConnections();
    server.close();
  }
});
