import { encodeUtf8 } from "@millrace/model";
import { json, session, string, StreamsBuilder, type KStream } from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

interface Order {
  readonly total: number;
}

/** The lines of a program that prints, for one order, and the names of its nodes. */
async function printed(
  program: (
    orders: KStream<string, Order, "known", "known">,
    write: (line: string) => void,
  ) => void,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const builder = new StreamsBuilder();
  program(builder.stream("orders", { key: string(), value: json<Order>() }), (line) =>
    lines.push(line),
  );
  await using driver = new TopologyTestDriver(builder.build());
  driver.input("orders", { key: string(), value: json<Order>() }).pipe("7", { total: 5 });
  return lines;
}

describe("print", () => {
  test("writes key and value, behind the name of the node above", async () => {
    expect(await printed((orders, write) => orders.print(write))).toEqual([
      '[KSTREAM-SOURCE-0000000000]: 7, {"total":5}',
    ]);
  });

  test("writes what a mapper makes, behind a label", async () => {
    const mapper = ({ total }: Order, id: string): string => `${id} costs ${total}`;
    expect(
      await printed((orders, write) => orders.print(write, { label: "orders", mapper })),
    ).toEqual(["[orders]: 7 costs 5"]);
  });

  test("writes nulls, 64 bits, bytes and windows as one would read them", async () => {
    const lines = await printed((orders, write) => {
      const mapped = orders.map(() => ({ key: 5n, value: encodeUtf8("AZ") }));
      mapped.print(write, { label: "bytes" });
      orders.mapValues(() => null).print(write, { label: "null" });
      orders.mapValues(() => ({ at: 5n })).print(write, { label: "inner" });
      const entry = session("1m", { grace: 0 });
      orders.groupByKey().windowedBy(entry).count().toStream().print(write, { label: "session" });
    });
    expect(lines).toEqual([
      "[bytes]: 5, 415a",
      "[null]: 7, null",
      '[inner]: 7, {"at":"5"}',
      "[session]: [7@0/0], 1",
    ]);
  });

  test("is a node of Kafka's name, and ends its stream", () => {
    const builder = new StreamsBuilder();
    builder.stream("orders", { key: string(), value: string() }).print(() => {});
    expect(builder.build().describe()).toContain(
      "Processor: KSTREAM-PRINTER-0000000001 (stores: [])\n      --> none",
    );
  });

  test("refuses what writes later", () => {
    const builder = new StreamsBuilder();
    const lines = builder.stream("lines", { key: string(), value: string() });
    expect(() => lines.print((async () => {}) as never)).toThrow(/print/);
  });
});
