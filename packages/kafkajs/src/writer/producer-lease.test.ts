import type { Kafka, RecordMetadata } from "kafkajs";
import { expect, test } from "vitest";

import { isHeld } from "../../../platform/test-support/is-held.ts";
import { ProducerLease } from "./producer-lease.ts";

test("what was written is held by nobody, however much is written", async () => {
  const producer = {
    sendBatch: async (): Promise<RecordMetadata[]> => [
      { topicName: "t", partition: 0, errorCode: 0 },
    ],
    disconnect: async () => {},
  };
  const kafka = { producer: () => producer } as unknown as Kafka; // as much of it as is asked for
  const lease = new ProducerLease({ kafka, config: {}, deliveryTimeoutMs: 1000 });
  const send = () => lease.send(undefined, { compression: 0, topicMessages: [] });
  const first = new WeakRef(await send());
  await send();
  expect(await isHeld(first)).toBe(false);
  await lease.giveUp();
});
