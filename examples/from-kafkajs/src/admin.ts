// Administration moves: what kafkajs made is seen by the other, and the reverse.
import { connect } from "millrace";

import { withBroker } from "./with-broker.ts";

await withBroker({}, async ({ kafka, bootstrapServers }) => {
  const before = kafka.admin();
  await before.connect();
  const client = connect({ bootstrapServers });
  const { admin } = client;
  try {
    await before.createTopics({ topics: [{ topic: "orders", numPartitions: 2 }] });
    const [{ error }] = await admin.createTopics([{ name: "orders", partitionCount: 2 }]);
    console.log("created twice:", String((error as { code?: string }).code)); // kafkajs answers false

    await admin.createTopics([
      { name: "totals", partitionCount: 3, configs: { "cleanup.policy": "compact" } },
    ]);
    console.log(
      "kafkajs sees:",
      (await before.listTopics()).filter((name) => !name.startsWith("_")).sort(),
    );

    await before.setOffsets({
      groupId: "billing",
      topic: "orders",
      partitions: [{ partition: 0, offset: "7" }],
    });
    const [{ offset }] = await admin.groupOffsets("billing"); // kafkajs: fetchOffsets
    console.log("committed:", offset);

    const [end] = await admin.listOffsets([{ topic: "orders", partition: 0, at: "latest" }]);
    console.log("end:", end.offset); // kafkajs: fetchTopicOffsets, as text
  } finally {
    await client.close();
    await before.disconnect();
  }
});
