import { StreamsBuilder, string, type Topology } from "millrace";

import { countries, visits } from "./topics.ts";

/** The same store, fed by countries: what is in it cannot be used. */
export default function version3(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(visits)
    .groupBy((visit) => visit.country, { key: string(), value: visits.value })
    .count({ store: "visits-per-page" })
    .toStream()
    .to(countries);
  return builder.build();
}
