import { describe, expect, test, vi } from "vitest";
import { networkConformance } from "../conformance/index.ts";
import { nodePlatform } from "./node-platform.ts";

describe("the node network keeps the cases of all (PLATFORM-1)", () => {
  const { network, timers } = nodePlatform();
  for (const law of networkConformance) test(law.name, () => law.run({ network, timers }));

  test("PLATFORM-8: many connections at once, each gets its own bytes, the first ones too", async () => {
    const lengths = Array.from({ length: 20 }, (_, index) => 400_000 + index);
    const received = new Map<number, { count: number; isOwn: boolean }>();
    const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
      let first: number | undefined;
      connection.handler = {
        data(chunk) {
          first ??= chunk[0];
          const own = received.get(first) ?? { count: 0, isOwn: true };
          own.count += chunk.length;
          own.isOwn &&= chunk.every((byte) => byte === first);
          received.set(first, own);
        },
        drained() {},
        closed() {},
      };
    });
    const connections = await Promise.all(lengths.map(() => network.connect(listener.address)));
    for (const [index, connection] of connections.entries()) {
      connection.handler = { data() {}, drained() {}, closed() {} };
      connection.write([new Uint8Array(lengths[index]).fill(index)]);
    }
    const expected = lengths.map((count, index) => [index, { count, isOwn: true }]);
    await vi.waitFor(
      () => expect([...received].toSorted(([left], [right]) => left - right)).toEqual(expected),
      { timeout: 15_000 },
    );
    for (const connection of connections) connection.destroy();
    await listener.close();
  });

  test("a host name that does not exist is UNKNOWN_HOST", async () => {
    await expect(network.connect({ host: "no-such-host.invalid", port: 1 })).rejects.toMatchObject({
      code: "UNKNOWN_HOST",
      retriable: true,
    });
  });
});
