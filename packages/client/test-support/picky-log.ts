import { decodeUtf8 } from "@millrace/model";
import { RecordBatchReader } from "@millrace/protocol/records";
import type { Row } from "./produce-scene.ts";
import type { ProducerLog } from "./producer-log.ts";

/** How a broker refuses a batch for one of its records. */
export type Pickiness = "names-records" | "names-no-records" | "by-size";

const messageTooLarge = 10;
const invalidRecord = 87;

/** True for values that a picky log does not take. */
export function isBad(value: string): boolean {
  return value.startsWith("bad");
}

/** Appends, unless a record is bad; by size: or there are more than two, as a topic with a low bound. */
export function appendPicky(log: ProducerLog, records: Uint8Array, pickiness: Pickiness): Row {
  const values: string[] = [];
  const reader = new RecordBatchReader({ bytes: records });
  while (reader.next()) values.push(decodeUtf8(reader.value ?? new Uint8Array()));
  const bad = values.flatMap((value, index) => (isBad(value) ? [index] : []));
  if (pickiness === "by-size")
    return bad.length > 0 || values.length > 2
      ? { errorCode: messageTooLarge, baseOffset: -1 }
      : log.append(records);
  if (bad.length === 0) return log.append(records);
  const recordErrors = bad.map((batchIndex) => ({
    batchIndex,
    batchIndexErrorMessage: `no ${values[batchIndex]} here`,
  }));
  return {
    errorCode: invalidRecord,
    baseOffset: -1,
    ...(pickiness === "names-records" ? { recordErrors } : {}),
  };
}
