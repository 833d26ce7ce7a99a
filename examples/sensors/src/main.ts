// A sensor on the weekend on which clocks are put back, on a broker that starts with it: prints its days.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { sensorDays, topics, type Reading, type SensorDay } from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sensors-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [topics.readings]: 4, [topics.days]: 4 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(sensorDays(), {
    applicationId: "sensors",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const producer = client.producer({ key: string(), value: json<Reading>() });
    // One reading an hour, from Saturday's midnight in Berlin to two o'clock on Monday.
    const first = Date.UTC(2024, 9, 25, 22);
    for (let hour = 0; hour <= 24 + 25 + 2; hour += 1) {
      const timestamp = first + hour * 3_600_000;
      const value = { celsius: 10 + (hour % 7) };
      await producer.send({ topic: topics.readings, key: "roof", value, timestamp });
    }
    for (const line of await days(2)) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function days(count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.days],
    autoOffsetReset: "earliest",
    key: string(),
    value: json<SensorDay>(),
  });
  for await (const { key, value } of consumer) {
    if (value !== null)
      lines.push(
        `${key} ${value.date}: ${value.readingCount} readings in ${value.hours} hours, ${value.lowest} to ${value.highest} °C`,
      );
    if (lines.length === count) break;
  }
  return lines;
}
