import { MetricRegistry } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { fetchApi, metadataApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { ScriptedBroker, scriptedCluster } from "../test-support/scripted-broker.ts";
import { addressName } from "./connection/bootstrap-servers.ts";
import { connect } from "./kafka-client.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAABA";

/** What of a closed part's requests has ended; nothing more may end once the close has resolved. */
test.each(["reader", "client"] as const)(
  "a %s that is closed has awaited what it had begun by itself",
  async (part) => {
    const metrics = new MetricRegistry();
    const platform = memoryPlatform({ metrics });
    const cluster = scriptedCluster([{ name: "t", topicId, leaders: [1] }]);
    const broker = await ScriptedBroker.start(platform, 1, cluster);
    broker.on(fetchApi, () => "silence");
    const ended = (): number =>
      metrics
        .snapshot()
        .filter(({ name }) => name === "request-failure-total")
        .reduce((sum, { value }) => sum + value, 0);
    const client = connect(platform, { bootstrapServers: addressName(broker.address) });
    await platform.until(
      (async () => {
        const reader = client.openReader({ isolation: "read_committed" });
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await reader.poll({ waitMsMax: 100 });
        broker.on(metadataApi, () => "silence");
        if (part === "client") {
          // A topic that is not known has the client ask by itself.
          reader.assign([{ topic: "other", partition: 0, offset: 0 }]);
          await platform.timers.sleep(100);
        }
        const before = ended();
        await (part === "client" ? client.close() : reader.close());
        const atClose = ended();
        expect(atClose).toBeGreaterThan(before);
        await platform.timers.sleep(1);
        expect(ended()).toBe(atClose);
        await client.close();
      })(),
    );
  },
);
