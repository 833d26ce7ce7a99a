import { string } from "@millrace/serde";
import { expect, test } from "vitest";

import { StreamsBuilder } from "../../dsl/streams-builder.ts";
import { Topology } from "../topology.ts";

const text = { key: string(), value: string() };

test("a topology is drawn with its topics, sub-topologies, nodes and stores", () => {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", text)
    .groupBy((word) => word, text)
    .count({ store: "counts" })
    .toStream()
    .to("word-counts");
  expect(builder.build().mermaid()).toBe(`flowchart TD
  t4[/"lines"/]:::topic
  t5[/"counts-repartition"/]:::internal
  t11[/"word-counts"/]:::topic
  subgraph g0["Sub-topology 0"]
    n0(["KSTREAM-SOURCE-0000000000"])
    n1["KSTREAM-KEY-SELECT-0000000001"]
    n2["counts-repartition-filter"]
    n3(["counts-repartition-sink"])
  end
  subgraph g1["Sub-topology 1"]
    n6(["counts-repartition-source"])
    n7["KSTREAM-AGGREGATE-0000000002"]
    n8["KTABLE-TOSTREAM-0000000006"]
    n9(["KSTREAM-SINK-0000000007"])
    s10[("counts<br>(timestampedKeyValue)")]:::store
  end
  t4 --> n0
  n0 --> n1
  n1 --> n2
  n2 --> n3
  n3 --> t5
  t5 --> n6
  n6 --> n7
  n7 -.- s10
  n7 --> n8
  n8 --> n9
  n9 --> t11
  classDef topic fill:#fff4d6,stroke:#b58900,color:#1a1a1a
  classDef internal fill:#eeeeee,stroke:#888888,color:#1a1a1a,stroke-dasharray:4 3
  classDef store fill:#dcecff,stroke:#268bd2,color:#1a1a1a
`);
});

test("names that would end a text or begin a tag are written by their numbers", () => {
  const topology = new Topology().addSource('a "b" <i>', /in-["<\]]+;/, text);
  const drawn = topology.mermaid();
  expect(drawn).toContain('(["a #34;b#34; #60;i#62;"])');
  expect(drawn).toContain('[/"/in-#91;#34;#60;#92;#93;#93;#43;#59;/"/]');
});

test("a function that chooses topics, and a global store, are drawn as what they are", () => {
  const builder = new StreamsBuilder();
  builder.globalTable("labels", { ...text, store: "labels" });
  const byCountry = (value: string): string => `out-${value}`;
  builder.stream("in", text).to(byCountry);
  const drawn = builder.build().mermaid();
  expect(drawn).toContain('subgraph g0["Sub-topology 0, for a global store"]');
  expect(drawn).toContain('"byCountry(…)"');
});
