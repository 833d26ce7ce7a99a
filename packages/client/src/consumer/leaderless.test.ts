import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { ScriptedBroker, scriptedCluster } from "../../test-support/scripted-broker.ts";
import { addressName } from "../connection/bootstrap-servers.ts";
import { connect } from "../kafka-client.ts";

test("a reader says once, within seconds, that it waits for a partition without a leader", async () => {
  const said: unknown[] = [];
  const logger = {
    isEnabled: () => true,
    log: (_level: string, event: string, fields?: object) => {
      if (event.startsWith("client.partitions")) said.push({ event, ...fields });
    },
  };
  const platform = memoryPlatform({ logger });
  const topic = { name: "t", topicId: "AAAAAAAAAAAAAAAAAAAABA", leaders: [-1, 1] };
  const broker = await ScriptedBroker.start(platform, 1, scriptedCluster([topic]));
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  await platform.until(
    (async () => {
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
      await reader.poll({ waitMsMax: 4000 });
      expect(said).toMatchObject([{ event: "client.partitions-leaderless", partitions: "t-0" }]);
      expect(await reader.poll({ waitMsMax: 60_000 })).toEqual([]);
      expect(said).toHaveLength(1);
      await client.close();
    })(),
  );
});
