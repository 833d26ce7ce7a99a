import { untilTimeLimit, untilWindowCloses, type Suppressed } from "@millrace/streams";
import type { TimeOrderedBuffer } from "@millrace/state";
import type { TopologyTestDriver } from "@millrace/testing";

import { asObject, type JsonObject, type OutcomeRecord } from "./program.ts";
import { ArgumentError } from "./values.ts";

/** What a `suppress` statement waits for. */
export function suppressedOf(st: JsonObject): Suppressed {
  const { maxRecords, maxBytes, whenFull, logging } = asObject(st["buffer"]);
  const buffer = {
    ...(maxRecords === undefined ? {} : { records: Number(maxRecords) }),
    ...(maxBytes === undefined ? {} : { bytes: Number(maxBytes) }),
    ...(logging === undefined ? {} : { logging: logging === true }),
  };
  const isBounded = maxRecords !== undefined || maxBytes !== undefined;
  // Java's configs of that kind are of another class; here there is no such option.
  if (st["until"] === "close" && isBounded && whenFull !== "shutDown")
    throw new ArgumentError("what is not final is not let out");
  if (st["until"] === "close") return untilWindowCloses(buffer);
  const strategy = whenFull === "shutDown" ? "shutDown" : "emitEarly";
  // Java takes a negative limit, which lets out at once what 0 lets out at once; ours is refused.
  const limit = Math.max(0, Number(asObject(st["until"])["limit"]));
  return untilTimeLimit(limit, { ...buffer, whenFull: strategy });
}

/** Names of the changelogs of buffers. */
export function bufferChangelogs(
  driver: TopologyTestDriver,
  applicationId: string,
): ReadonlySet<string> {
  const kinds = ["suppression", "buffer"];
  const buffers = driver.specifications.filter(({ kind }) => kinds.includes(kind.name));
  return new Set(buffers.map(({ name }) => `${applicationId}-${name}-changelog`));
}

/** Kafka writes them in no order, and without a time: then its producer gives one. */
export function withBuffersAsKafkas(
  records: readonly OutcomeRecord[],
  changelogs: ReadonlySet<string>,
): OutcomeRecord[] {
  const logged = records
    .filter(({ topic }) => changelogs.has(topic))
    .map((record) => ({ ...record, ts: null }))
    .sort((left, right) => String(left.key).localeCompare(String(right.key)));
  return [...records.filter(({ topic }) => !changelogs.has(topic)), ...logged];
}

/** What can be told of a buffer, whose entries nobody but its processor sees. */
export function bufferContents(buffer: TimeOrderedBuffer<unknown, unknown>): JsonObject {
  const { entryCount, sizeBytes, timeMin } = buffer;
  return {
    kind: "buffer",
    persistent: false,
    records: entryCount,
    bytes: sizeBytes,
    // Java's highest long stands for none.
    minTimestamp: Math.min(timeMin, 2 ** 63),
    entries: [],
  };
}
