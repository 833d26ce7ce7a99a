import { decodeUtf8, topicPartitionName } from "@millrace/model";
import { keyPlace, placeOf } from "@millrace/serde";

import { entryText, readWith } from "../record-text.ts";
import type { TopicSerdes } from "./plan/simulated-input.ts";
import type { HistoryEvent, RunHistory, SeenRecord } from "./world/run-history.ts";

/** More would hide what matters. */
const linesMax = 80;

type ReadSerdes = ReadonlyMap<string, TopicSerdes<unknown, unknown>>;

/** What happened, a line each: `>` is a fault, `+` a record that was written, `=` one that became visible. */
export function historyText(
  { events }: RunHistory,
  { read, outputs }: { readonly read: ReadSerdes; readonly outputs: ReadonlySet<string> },
): string {
  const shown = events.filter((event) => event.kind !== "seen" || outputs.has(event.record.topic));
  const lines = shown.map(
    (event) => `${event.atMs.toFixed(0).padStart(7)} ms ${textOf(event, read)}`,
  );
  const rest = lines.length - linesMax;
  if (rest <= 0) return lines.join("\n");
  const half = linesMax / 2;
  const cut = `           … ${rest} more …`;
  return [...lines.slice(0, half), cut, ...lines.slice(-half)].join("\n");
}

function textOf(event: HistoryEvent, read: ReadSerdes): string {
  switch (event.kind) {
    case "note":
      return `  ${event.text}`;
    case "fault":
      return `> ${event.text}`;
    case "sent":
      return `+ ${topicPartitionName(event.send.topic, event.send.partition)}  ${event.send.text}`;
    case "seen":
      return `= ${recordText(event.record, read)}`;
  }
}

function recordText(record: SeenRecord, read: ReadSerdes): string {
  const { topic, partition, offset, key, value, headers } = record;
  const serdes = read.get(topic);
  const place = `${topicPartitionName(topic, partition)}@${offset}`;
  if (serdes === undefined) return `${place}  ${plainText(key)} = ${plainText(value)}`;
  const keyRead = readWith(serdes.key, { bytes: key, topic, place: keyPlace });
  const valueRead = readWith(serdes.value, {
    bytes: value,
    topic,
    place: placeOf("value", headers),
  });
  return `${place}  ${entryText(keyRead, valueRead)}`;
}

/** As it would be read where no serde is known. */
function plainText(bytes: Uint8Array | null): string {
  if (bytes === null) return "null";
  const text = decodeUtf8(bytes);
  return /^[\x20-\x7e]*$/.test(text) ? JSON.stringify(text) : `${bytes.length} bytes`;
}
