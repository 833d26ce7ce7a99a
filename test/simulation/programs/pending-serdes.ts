import { string, SerdePendingError, type Serde } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder } from "@millrace/streams";

import { idOf, linesOf, partitions, payloadOf } from "../everything.ts";
import { linesTopic, resultsTopic } from "../topics.ts";
import { judgeOnce } from "./judge-results.ts";
import { drawKey, type Ask, type SimulatedProgram } from "./simulated-program.ts";

const schemaCount = 12;

/** Texts have schemas, each of which is fetched when it is met first: by a service that is slow, and fails at times. */
function fetching(ask: Ask, schemaOf: (text: string) => string): Serde<string> {
  const { serialize, deserialize } = string();
  const known = new Set<string>();
  const fetches = new Map<string, Promise<void>>();
  const need = (schema: string): void => {
    if (known.has(schema)) return;
    const fetched = fetches.get(schema) ?? fetch(schema);
    fetches.set(schema, fetched);
    throw new SerdePendingError(`schema ${schema}`, fetched);
  };
  const fetch = (schema: string): Promise<void> =>
    ask(new AbortController().signal)
      .then(() => void known.add(schema))
      .finally(() => fetches.delete(schema));
  return {
    name: "fetching",
    isNullable: false,
    usesPlace: true,
    serialize: (text, topic) => {
      need(schemaOf(text));
      return serialize(text, topic);
    },
    deserialize: (bytes, topic) => {
      const text = deserialize(bytes, topic);
      need(schemaOf(text));
      return text;
    },
  };
}

/**
 * Lines are counted by key in two stores, and told with both counts: who must wait between the two, or at the sink, has done
 * half of its work. Counts that went back, and came again, would differ, or be told twice.
 */
export const pendingSerdes: SimulatedProgram = {
  name: "pending-serdes",
  outputs: [resultsTopic],
  isTimed: true,
  isClosed: false,
  draw: (random) => ({
    topic: linesTopic,
    key: drawKey(random),
    payload: `s${random.below(schemaCount)}`,
  }),
  build: ({ ask }) => {
    const key = string();
    const builder = new StreamsBuilder();
    builder
      .stream(linesTopic, { key, value: fetching(ask, payloadOf) })
      .process({
        stores: {
          counts: keyValueStore({ name: "counts", key, value: string() }),
          fetched: keyValueStore({
            name: "fetched",
            key,
            value: fetching(ask, (count) => String(Number(count) % schemaCount)),
          }),
        },
        output: { key, value: fetching(ask, payloadOf) },
        process(record, { counts, fetched, forward }) {
          const count = Number(counts.get(record.key) ?? 0) + 1;
          counts.put(record.key, String(count));
          const other = Number(fetched.get(record.key) ?? 0) + 1;
          fetched.put(record.key, String(other));
          const { value } = record;
          forward(record.withValue(`${idOf(value)}+${count}+${other} ${payloadOf(value)}`));
        },
      })
      .to(resultsTopic);
    return builder.build();
  },
  judge: (everything) => {
    const expected: string[] = [];
    for (const partition of partitions) {
      const counts = new Map<string, number>();
      for (const { key, id, payload } of linesOf(everything, linesTopic, partition)) {
        const count = (counts.get(key) ?? 0) + 1;
        counts.set(key, count);
        expected.push(`${id}+${count}+${count} ${payload}`);
      }
    }
    return judgeOnce(everything, expected);
  },
};
