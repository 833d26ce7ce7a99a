import {
  isRecordOf,
  numberOption,
  optionTable,
  valueOption,
  type GivenOptions,
} from "@millrace/model";

const rows = {
  /** Topics that are there from the start: partition counts by name. */
  topics: valueOption<Readonly<Record<string, number>>>({
    allowed: "partition counts by the names of topics",
    accepts: isRecordOf((value) => Number.isSafeInteger(value) && Number(value) > 0),
  }),
  /**
   * Listens on a port of the loopback address, for clients that need an address; 0 takes a free one. Without it the
   * cluster is in memory: `client` and `connect` alone reach it.
   */
  port: numberOption({ max: 65_535 }),
  /** Settings of the broker under Kafka's names, over those that make it quick. */
  config: valueOption<Readonly<Record<string, string | number | boolean>>>({
    allowed: "texts, numbers or booleans by Kafka's names of settings",
    accepts: isRecordOf((value) => ["string", "number", "boolean"].includes(typeof value)),
  }),
};

/** How a cluster for tests starts. */
export interface TestClusterOptions extends GivenOptions<typeof rows> {}

export const testClusterOptionTable = optionTable("testCluster", rows);
