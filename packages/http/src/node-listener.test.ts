import { once } from "node:events";
import { createServer } from "node:http";
import { registerHooks } from "node:module";
import type { AddressInfo } from "node:net";

import { expect, test, vi } from "vitest";

import { nodeListener } from "./node-listener.ts";

test("a listener whose server cannot be loaded answers 500 and warns, and the next request tries again", async () => {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "@hono/node-server") throw new Error("not installed");
      return next(specifier, context);
    },
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
    hooks.deregister();
    expect(await ask()).toEqual([200, "here"]);
  } finally {
    warn.mockRestore();
    hooks.deregister();
    server.closeAllConnections();
    server.close();
  }
});
