// What a user's first program does, run in the project into which the packages were installed:
// `node word-count.ts DATA memory|rocksdb|sqlite|fitting` counts words and prints the counts as JSON.
import { join } from "node:path";

import {
  connect,
  EmbeddedCluster,
  int64AsNumber,
  StreamsApp,
  StreamsBuilder,
  string,
  type Serde,
  type Topology,
} from "millrace";

const lines = ["the wheel turns", "the water turns the wheel"];
const wordsInAll = lines.join(" ").split(" ").length;
const counts: Serde<number> = int64AsNumber();
const words: Serde<string> = string();
// @ts-expect-error: types that did not resolve would be `any`, and this no error
const _wrong: Serde<boolean> = words;

function topology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: words })
    .flatMapValues((line) => line.split(" "))
    .groupBy((word) => word, { key: words, value: words })
    .count({ store: "counts" })
    .toStream()
    .to("word-counts", { key: words, value: counts });
  return builder.build();
}

const [data, asked] = process.argv.slice(2);
const storeEngine = (["memory", "rocksdb", "sqlite"] as const).find((one) => one === asked);
if (storeEngine === undefined && asked !== "fitting") throw new Error("say which engine");
const cluster = await EmbeddedCluster.start({
  data: join(data, "broker"),
  topics: { lines: 2, "word-counts": 1 },
});
try {
  const app = await StreamsApp.start(topology(), {
    applicationId: "word-count",
    cluster,
    ...(storeEngine === undefined ? {} : { storeEngine }),
    stateDirectory: join(data, "state"),
  });
  try {
    console.log(JSON.stringify(Object.fromEntries(await countLines(cluster.bootstrapServers))));
  } finally {
    await app.close();
  }
} finally {
  await cluster.close();
}

/** Writes the lines and reads counts until each word was counted. */
async function countLines(bootstrapServers: string): Promise<ReadonlyMap<string, number>> {
  const client = connect({ bootstrapServers });
  const table = new Map<string, number>();
  try {
    const writer = client.openWriter({});
    await writer.prepare(["lines"]);
    for (const [index, line] of lines.entries()) {
      writer
        .partition("lines", index % 2)
        .append(Date.now(), null, words.serialize(line, "lines"), []);
    }
    await writer.flush();
    const reader = client.openReader({ isolation: "read_committed" });
    reader.assign([{ topic: "word-counts", partition: 0, offset: 0 }]);
    const isDone = (): boolean => [...table.values()].reduce((sum, n) => sum + n, 0) === wordsInAll;
    while (!isDone()) {
      for (const batch of await reader.poll({ waitMsMax: 1000 })) {
        while (batch.next()) {
          const { key, value } = batch;
          if (key === null || value === null) continue;
          table.set(
            words.deserialize(key, "word-counts"),
            counts.deserialize(value, "word-counts"),
          );
        }
        batch.release();
      }
    }
    return table;
  } finally {
    await client.close();
  }
}
