import { encodeUtf8, noHeaders } from "@millrace/model";
import { errorCodeOf } from "@millrace/protocol";
import { produceApi } from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { describe, expect, test } from "vitest";
import { produceRequest } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

function withHeaderCount(count: number): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(1000, null, encodeUtf8("v"), noHeaders);
  builder.append(1000, null, encodeUtf8("v"), [["name", encodeUtf8("v")]]);
  const batch = builder.build();
  const at = batch.lastIndexOf(2);
  batch[at] = count;
  return batch;
}

describe("Produce", () => {
  test("gives each partition its own answer", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      const { topicData } = produceRequest("orders", ["a"]);
      const [{ partitionData }] = topicData;
      const answer = await client.ask(produceApi, 9, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [
          { name: "orders", partitionData: [...partitionData, { index: 1, records: null }] },
          { name: "nowhere", partitionData },
        ],
      });
      const codes = answer?.responses.flatMap(({ partitionResponses }) =>
        partitionResponses.map(({ errorCode }) => errorCode),
      );
      const unknown = errorCodeOf("UNKNOWN_TOPIC_OR_PARTITION");
      expect(codes).toEqual([0, unknown, unknown]);
      expect(await client.endOffset("orders")).toBe(1);
    }));

  test("without acknowledgement is seen by the connection's next request", () =>
    withClient(async ({ client, gate, platform }) => {
      await client.createTopic("orders");
      gate.shut();
      client.tell(produceApi, 9, produceRequest("orders", ["a"], 0));
      let end: number | undefined;
      const asked = client.endOffset("orders").then((offset) => (end = offset));
      await platform.timers.sleep(10);
      expect(end).toBeUndefined();
      gate.open();
      expect(await asked).toBe(1);
    }));

  test("without acknowledgement ends the connection where it fails", () =>
    withClient(async ({ client }) => {
      expect(await client.ask(produceApi, 9, produceRequest("nowhere", ["a"], 0))).toBeUndefined();
      expect(client.isClosed).toBe(true);
    }));

  test("of a batch that cannot be read whole appends nothing", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      const partitionData = [{ index: 0, records: withHeaderCount(5) }];
      const answer = await client.ask(produceApi, 9, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: "orders", partitionData }],
      });
      expect(answer?.responses[0].partitionResponses[0].errorCode).not.toBe(0);
      expect(await client.endOffset("orders")).toBe(0);
    }));

  test("of a transaction without its id is refused as a whole", () =>
    withClient(async ({ client }) => {
      await client.createTopic("orders");
      const builder = new RecordBatchBuilder();
      builder.append(1000, null, encodeUtf8("v"), noHeaders);
      const records = builder.build({ isTransactional: true });
      const answer = await client.ask(produceApi, 9, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name: "orders", partitionData: [{ index: 0, records }] }],
      });
      expect(answer?.responses[0].partitionResponses[0].errorCode).toBe(
        errorCodeOf("TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),
      );
    }));
});
