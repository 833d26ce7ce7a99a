import { int64AsNumber, StreamsBuilder, string, type Topology } from "millrace";

/** Topics of the example. They are made before it starts: Millrace makes none in silence. */
export const linesTopic = "lines";
export const countsTopic = "word-counts";

/** The words of a line: letters and digits, lower case. */
export function wordsOf(line: string): readonly string[] {
  return line.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * Lines become words, words are grouped by themselves and counted, every new count goes to a topic.
 *
 * Grouping changes the key, so Millrace writes the words through a topic of its own (a *repartition* topic):
 * afterwards all occurrences of a word are in one partition, and one task counts them. The counts live in a store
 * ("counts") that is kept in RocksDB and logged to a *changelog* topic, so that they survive the machine.
 */
export function wordCountTopology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(linesTopic, { value: string() })
    .flatMapValues(wordsOf)
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .to(countsTopic, { key: string(), value: int64AsNumber() });
  return builder.build();
}
