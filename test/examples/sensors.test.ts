import { json, string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import {
  sensorDays,
  topics,
  type Reading,
  type SensorDay,
} from "../../examples/sensors/src/topology.ts";
import { runExample } from "./run-example.ts";

function sensor() {
  const driver = new TopologyTestDriver(sensorDays());
  const readings = driver.input(topics.readings, { key: string(), value: json<Reading>() });
  const days = driver.output(topics.days, { key: string(), value: json<SensorDay>() });
  return {
    driver,
    /** @param time in Berlin, with its offset */
    read: (time: string, celsius: number) =>
      readings.pipe("roof", { celsius }, { timestamp: new Date(time).getTime() }),
    days: () => days.readAll().map(({ value }) => value),
  };
}

test("a day is told once, an hour after its end, with what came late", async () => {
  const { driver, read, days } = sensor();
  await using _ = driver;
  read("2024-06-01T00:00+02:00", 10);
  read("2024-06-01T23:59+02:00", 20);
  read("2024-06-02T00:59+02:00", 30);
  read("2024-06-01T12:00+02:00", 33);
  expect(days()).toEqual([]);
  read("2024-06-02T01:00+02:00", 30);
  read("2024-06-01T12:00+02:00", 99); // too late
  expect(days()).toEqual([
    { date: "2024-06-01", hours: 24, readingCount: 3, lowest: 10, highest: 33, mean: 21 },
  ]);
  expect(driver.droppedRecords).toBe(1);
});

test("the days on which clocks are changed have 23 and 25 hours", async () => {
  const { driver, read, days } = sensor();
  await using _ = driver;
  read("2024-03-31T12:00+02:00", 10);
  read("2024-10-27T00:00+02:00", 10);
  read("2024-10-27T23:59+01:00", 10);
  read("2024-10-28T12:00+01:00", 10);
  expect(days().map((day) => [day?.date, day?.hours, day?.readingCount])).toEqual([
    ["2024-03-31", 23, 1],
    ["2024-10-27", 25, 2],
  ]);
});

test("the example runs", { timeout: 60_000 }, async () => {
  expect(await runExample("sensors")).toEqual([
    "roof 2024-10-26: 24 readings in 24 hours, 10 to 16 °C",
    "roof 2024-10-27: 25 readings in 25 hours, 10 to 16 °C",
  ]);
});
