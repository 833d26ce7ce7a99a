import { string } from "@millrace/serde";
import { StreamsBuilder, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };
type Stream = KStream<string, string, "known", "known">;

// Kafka frees the bytes of an input once a record that is on its way has been sent, as that record knows them: filters and
// the like pass on a record of their own, of which their siblings see nothing.
test.each<readonly [string, (stream: Stream) => void, string | undefined]>([
  ["by a sink at its side", (stream) => stream.to("copy"), undefined],
  ["behind a filter", (stream) => stream.filter(() => true).to("copy"), "x"],
  ["behind filterNot", (stream) => stream.filterNot(() => false).to("copy"), "x"],
  ["behind peek", (stream) => stream.peek(() => {}).to("copy"), "x"],
  ["behind a repartition", (stream) => stream.repartition({ name: "r" }).to("copy"), "x"],
])("a dead letter of a record that was sent before, %s", (_, send, value) => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  send(stream);
  stream.foreach(() => {
    throw new Error("asked to fail");
  });
  const driver = new TopologyTestDriver(builder.build(), {
    onProcessingError: "continue",
    deadLetterTopic: "dead",
  });
  driver.input("in", text).pipe("k", "x");
  const [letter] = driver.output("dead", text).readAll();
  expect(letter.value ?? undefined).toBe(value);
});
