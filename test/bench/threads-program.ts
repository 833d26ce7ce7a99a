import { string, StreamsBuilder, type Topology } from "millrace";

export interface ThreadsData {
  readonly callbackUs: number;
}

/** A callback that keeps its thread busy for so long with each record. */
export default function threadsProgram({ callbackUs }: ThreadsData): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .mapValues((line) => {
      const endMs = performance.now() + callbackUs / 1000;
      while (performance.now() < endMs);
      return line;
    })
    .to("copies", { value: string() });
  return builder.build();
}
