import { int64AsNumber, StreamsBuilder, string, tumbling, type Topology } from "millrace";

export const applicationId = "written-before";

/** Counts words, in all and by the minute. It must stay as it is: what earlier versions have written is of this program. */
export function countedWords(): Topology {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", { key: string(), value: string() }).groupByKey();
  words
    .count({ store: "words-in-all" })
    .toStream()
    .to("counts", { key: string(), value: int64AsNumber() });
  words.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "words-per-minute" });
  return builder.build();
}

/** What is counted in the folders that are kept. */
export const written: Readonly<Record<string, number>> = { ada: 3, bob: 2 };
/** When the words were said. */
export const atMs = Date.UTC(2026, 0, 1);
