import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";

/** Copies lines as the mapper has them, upper-case by default. */
export function upperCase(
  mapper: (line: string) => string = (line) => line.toUpperCase(),
): Topology {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: string() }).mapValues(mapper).to("copies", { value: string() });
  return builder.build();
}
