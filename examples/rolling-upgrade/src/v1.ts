import { StreamsBuilder, type Topology } from "millrace";

import { pageCounts, visits } from "./topics.ts";

/** Counts the visits of each page. The store has a name, so that later versions find it again. */
export default function version1(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(visits)
    .groupByKey()
    .count({ store: "visits-per-page" })
    .toStream()
    .mapValues((count) => ({ visits: count, by: "v1" }), { value: pageCounts.value })
    .to(pageCounts);
  return builder.build();
}
