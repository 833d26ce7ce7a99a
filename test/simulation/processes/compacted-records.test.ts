import { encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import { encodeEndTransactionMarker, RecordBatchBuilder } from "@millrace/protocol/records";
import { expect, test } from "vitest";

import { History } from "../history.ts";
import { noteBeforeCompaction } from "./compacted-records.ts";

const partition = "app-store-changelog-0";
const producerId = 1;
const writer = { producerId, producerEpoch: 0 };

function batchAt(baseOffset: number): Uint8Array {
  const builder = new RecordBatchBuilder();
  builder.append(0, encodeUtf8("k"), encodeUtf8("v"), noHeaders);
  return builder.build({ ...writer, baseOffset, baseSequence: baseOffset, isTransactional: true });
}

function markerAt(baseOffset: number): Uint8Array {
  const marker = { ...writer, outcome: "commit", coordinatorEpoch: 0, timestamp: 0 } as const;
  return encodeEndTransactionMarker({ ...marker, baseOffset });
}

test("records are noted whose transaction ends behind the segments that are compacted", () => {
  const { fileSystem } = memoryPlatform();
  const folder = `data/${partition}`;
  fileSystem.makeDirectory(folder);
  const put = (name: string, bytes: Uint8Array): void => {
    const file = fileSystem.open(`${folder}/${name}`, "create");
    file.write([bytes], 0);
    file.close();
  };
  put("0.log", batchAt(0));
  put("0.log.cleaned", batchAt(0));
  put("1.log", batchAt(1));
  put("2.log", markerAt(2));
  const history = new History(() => 0);
  noteBeforeCompaction(fileSystem, "data", history);
  expect([...history.kept(partition).keys()]).toEqual([0, 1]);
  expect(history.keptEnd(partition)).toBe(2);
});
