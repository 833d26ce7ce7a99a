import { concatBytes } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { fetchApi } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { batch, fetchedRow, values } from "../../test-support/play-fetches.ts";
import { ScriptedBroker, scriptedCluster } from "../../test-support/scripted-broker.ts";
import { addressName } from "../connection/bootstrap-servers.ts";
import { connect } from "../kafka-client.ts";

const topicId = "AAAAAAAAAAAAAAAAAAAABA";

interface Row {
  readonly partitionIndex: number;
  readonly errorCode?: number;
  readonly records?: Uint8Array | null;
}

/** The answer of a broker that keeps no sessions. */
const answer = (rows: readonly Row[]) => ({
  throttleTimeMs: 0,
  errorCode: 0,
  sessionId: 0,
  responses: [
    {
      topicId,
      partitions: rows.map(({ partitionIndex, errorCode = 0, records = null }) => ({
        ...fetchedRow,
        partitionIndex,
        errorCode,
        records,
      })),
    },
  ],
});

test("CLIENT-2: of what a former leader and the one after it both answer, each batch comes once", async () => {
  const platform = memoryPlatform();
  const topic = { name: "t", topicId, leaders: [1, 2] };
  const cluster = scriptedCluster([topic]);
  const former = await ScriptedBroker.start(platform, 1, cluster);
  const later = await ScriptedBroker.start(platform, 2, cluster);
  const first = batch(0, ["a", "b"]);
  former.on(fetchApi, async () => {
    topic.leaders[0] = 2;
    await platform.timers.sleep(3000);
    // Its copy is damaged besides: that is not told, for nobody waits for it any more.
    const damaged = first.slice();
    damaged[damaged.length - 1] ^= 1;
    return answer([{ partitionIndex: 0, records: damaged }]);
  });
  later.on(fetchApi, async ({ topics }) => {
    const asked = topics.flatMap(({ partitions }) => partitions);
    const of = (index: number) => asked.find(({ partition }) => partition === index);
    await platform.timers.sleep(100);
    const records = of(0)?.fetchOffset === 0 ? concatBytes(first, batch(2, ["c"])) : null;
    const rows: Row[] = of(0) === undefined ? [] : [{ partitionIndex: 0, records }];
    // What makes the client ask who leads what.
    if (of(1) !== undefined) rows.push({ partitionIndex: 1, errorCode: 6 });
    return answer(rows);
  });
  const client = connect(platform, { bootstrapServers: addressName(former.address) });
  await platform.until(
    (async () => {
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0 })));
      const given: string[] = [];
      const endMs = platform.clock.monotonicMs() + 6000;
      while (platform.clock.monotonicMs() < endMs) given.push(...(await values(reader)));
      expect(former.of("Fetch")).toHaveLength(1);
      expect(given).toEqual(["0:a", "1:b", "2:c"]);
      await client.close();
    })(),
  );
});
