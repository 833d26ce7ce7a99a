import { string } from "@millrace/serde";
import { StreamsBuilder, type AsyncContext, type AsyncOptions } from "@millrace/streams";
import { TopologyTestDriver, type TopologyTestDriverOptions } from "@millrace/testing";

const text = { key: string(), value: string() };
type Options = AsyncOptions<string, string, string>;

/** A call that a test ends when it likes. */
interface Asked {
  readonly value: string;
  readonly key: string;
  readonly context: AsyncContext;
  answer(value?: unknown): void;
  fail(error: unknown): void;
}

/** A program of one operator whose calls wait for the test. */
export function asking(options: Options = {}, driverOptions: TopologyTestDriverOptions = {}) {
  const asked: Asked[] = [];
  const builder = new StreamsBuilder();
  builder
    .stream("in", text)
    .mapValuesAsync(
      (value, key, context) =>
        new Promise<string>((resolve, reject) => {
          asked.push({
            value,
            key,
            context,
            answer: (given: unknown = value.toUpperCase()) => resolve(given as string),
            fail: reject,
          });
        }),
      { ...options, value: string() },
    )
    .to("out");
  const driver = new TopologyTestDriver(builder.build(), driverOptions);
  const input = driver.input("in", text);
  const output = driver.output("out", text);
  return {
    driver,
    asked,
    pipe: (key: string | null, value: string, timestamp = 0) =>
      input.pipe(key as string, value, { timestamp }),
    values: () => output.readAll().map(({ value }) => value),
    /** Lets promises that are settled run on, and what waits for them. */
    turn: async () => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      driver.advanceWallClock(0);
    },
  };
}
