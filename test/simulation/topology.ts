import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";

export const applicationId = "word-count";
export const linesTopic = "lines";
export const countsTopic = "counts";
export const storeName = "word-store";
export const repartitionTopic = `${applicationId}-${storeName}-repartition`;
export const changelogTopic = `${applicationId}-${storeName}-changelog`;
export const partitionCount = 2;

/** All that is read and judged: inputs, what lies between, state, outputs. */
export const watchedTopics = [linesTopic, repartitionTopic, changelogTopic, countsTopic] as const;

export function wordsOf(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}

/** Lines become words, words are grouped by themselves (through a repartition topic) and counted. */
export function wordCountTopology(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(linesTopic, { value: string() })
    .flatMapValues(wordsOf)
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: storeName })
    .toStream()
    .to(countsTopic, { key: string(), value: int64AsNumber() });
  return builder.build();
}
