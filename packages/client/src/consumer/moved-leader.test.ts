import { concatBytes } from "@millrace/model";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { fetchApi, listOffsetsApi } from "@millrace/protocol/definitions";
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

/** What a former leader may say of an offset that has been read from the one after it. */
const lateAnswers = [
  {
    what: "with a damaged copy",
    of: (copy: Uint8Array) => answer([{ partitionIndex: 0, records: copy }]),
  },
  { what: "with an error", of: () => ({ ...answer([]), errorCode: -1 }) },
  {
    what: "with an error of the partition",
    of: () => answer([{ partitionIndex: 0, errorCode: -1 }]),
  },
];

test.each(lateAnswers)(
  "what a former leader answers late counts no more: $what",
  async ({ of: late }) => {
    const platform = memoryPlatform();
    const topic = { name: "t", topicId, leaders: [1, 2] };
    const cluster = scriptedCluster([topic]);
    const former = await ScriptedBroker.start(platform, 1, cluster);
    const later = await ScriptedBroker.start(platform, 2, cluster);
    const first = batch(0, ["a", "b"]);
    former.on(fetchApi, async () => {
      topic.leaders[0] = 2;
      await platform.timers.sleep(3000);
      const copy = first.slice();
      copy[copy.length - 1] ^= 1;
      return late(copy);
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
    expect(await given(platform, former)).toEqual(["0:a", "1:b", "2:c"]);
    expect(former.of("Fetch")).toHaveLength(1);
  },
);

test.each([
  { what: "meanwhile", listMs: 4000 },
  { what: "later", listMs: 10 },
])(
  "what a former leader has not is not told as lost where the one after it gives it: $what",
  async ({ listMs }) => {
    const platform = memoryPlatform();
    const topic = { name: "t", topicId, leaders: [1, 2] };
    const cluster = scriptedCluster([topic]);
    const former = await ScriptedBroker.start(platform, 1, cluster);
    const later = await ScriptedBroker.start(platform, 2, cluster);
    former.on(fetchApi, async () => {
      topic.leaders[0] = 2;
      await platform.timers.sleep(1000);
      return answer([{ partitionIndex: 0, errorCode: 1 }]);
    });
    later.on(fetchApi, async ({ topics }) => {
      const asked = topics.flatMap(({ partitions }) => partitions);
      const of = (index: number) => asked.find(({ partition }) => partition === index);
      await platform.timers.sleep(of(0)?.fetchOffset === 0 ? 2000 : 100);
      if (of(0) === undefined) return answer([{ partitionIndex: 1, errorCode: 6 }]);
      const { fetchOffset = 0 } = of(0) ?? {};
      const records = fetchOffset < 2 ? batch(fetchOffset, ["x"]) : null;
      return answer([{ partitionIndex: 0, records }]);
    });
    later.on(listOffsetsApi, async ({ topics }) => {
      await platform.timers.sleep(listMs);
      return {
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, timestamp }) => ({
            partitionIndex,
            errorCode: 0,
            offset: timestamp === -2 ? 0 : 2,
          })),
        })),
      };
    });
    expect(await given(platform, former)).toEqual(["0:x", "1:x"]);
  },
);

/** What a reader of both partitions is given in ten seconds. */
async function given(
  platform: VirtualMemoryPlatform,
  { address }: ScriptedBroker,
): Promise<readonly string[]> {
  const client = connect(platform, { bootstrapServers: addressName(address) });
  const found: string[] = [];
  await platform.until(
    (async () => {
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0 })));
      const endMs = platform.clock.monotonicMs() + 10_000;
      while (platform.clock.monotonicMs() < endMs) found.push(...(await values(reader)));
      await client.close();
    })(),
  );
  return found;
}
