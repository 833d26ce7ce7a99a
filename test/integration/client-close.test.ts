import { describe, expect, test } from "vitest";

import { inClientWorld, send } from "./client-world.ts";

describe("a client that is closed", () => {
  test.each([true, false])(
    "leaves nothing to be done behind it, brokers there (%s) or not",
    (isBrokerThere) =>
      inClientWorld(async ({ client, connect, platform, stopBroker }) => {
        await client.admin.createTopics([{ name: "t", partitionCount: 4 }]);
        await send(client, "t", ["0", "1", "2"]);
        await client.close();
        const own = connect({ metadataMaxAge: "10s" });
        const outcomes: Promise<unknown>[] = [];
        const consumer = own.consumer({
          groupId: "g",
          topics: ["t", "missing"],
          autoOffsetReset: "earliest",
          autoCommitInterval: 100,
        });
        const reading = (async () => {
          for await (const { value } of consumer) expect(value).not.toBeNull();
        })();
        const alone = own.consumer({ topics: ["t"] });
        outcomes.push(
          (async () => {
            for await (const { value } of alone) expect(value).not.toBeNull();
          })(),
        );
        const reader = own.openReader({ isolation: "read_committed" });
        reader.assign([{ topic: "t", partition: 0, offset: 77 }]);
        outcomes.push(reader.poll({ waitMsMax: 1000 }).catch(() => {}));
        const membership = own.openMembership({
          groupId: "h",
          topics: () => ["t"],
          assignors: [
            {
              name: "all",
              subscriptionUserData: () => null,
              assign: async ({ members }) =>
                new Map(
                  members.map(({ memberId }) => [memberId, { partitions: [], userData: null }]),
                ),
            },
          ],
        });
        await membership.join();
        const producer = own.producer({ linger: 5000 });
        outcomes.push(producer.send({ topic: "t", value: "x" }).catch(() => {}));
        await platform.timers.sleep(2500);
        if (!isBrokerThere) await stopBroker();
        outcomes.push(
          own.admin.listOffsets([{ topic: "t", partition: 3, at: "latest" }]).catch(() => {}),
        );
        await platform.timers.sleep(100);
        const startMs = platform.clock.monotonicMs();
        await own.close();
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(31_000);
        await reading;
        await Promise.all(outcomes);
      }),
  );
});
