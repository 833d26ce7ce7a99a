import { encodeRequest } from "@millrace/protocol";
import { createPartitionsApi } from "@millrace/protocol/definitions";

import type { TestWorld } from "./test-world.ts";

/** Gives a topic more partitions, as an administrator would. */
export async function createPartitions(
  { shared, broker }: TestWorld,
  topic: string,
  count: number,
): Promise<void> {
  const connection = await shared.network.connect(broker.address);
  const frame = encodeRequest(
    createPartitionsApi,
    { version: 3, correlationId: 1, clientId: "test" },
    { topics: [{ name: topic, count, assignments: null }], timeoutMs: 5000, validateOnly: false },
  );
  const answered = new Promise<void>((resolve) => {
    connection.handler = { data: () => resolve(), drained: () => {}, closed: () => resolve() };
  });
  connection.write(frame);
  await answered;
  connection.destroy();
}
