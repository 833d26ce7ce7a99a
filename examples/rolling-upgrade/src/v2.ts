import { StreamsBuilder, type Topology } from "millrace";

import { pageCounts, popular, visits } from "./topics.ts";

/** As the first one, with operators in between, another value, and one output more: state survives, both can run together. */
export default function version2(): Topology {
  const builder = new StreamsBuilder();
  const counts = builder
    .stream(visits)
    .filter((visit) => visit.page !== "/health")
    .groupByKey()
    .count({ store: "visits-per-page" })
    .toStream();
  counts
    .mapValues((count) => ({ visits: count, by: "v2" }), { value: pageCounts.value })
    .to(pageCounts);
  counts.filter((count) => count % 100 === 0).to(popular);
  return builder.build();
}
