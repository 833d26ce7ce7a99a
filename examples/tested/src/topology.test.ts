import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { balances, balancesInMemory, balancesOfAccounts, payments } from "./topology.ts";

// Record by record, on one task, in a millisecond: what the topology does. It sees no difference between the two.
test.each([balancesOfAccounts, balancesInMemory])("%o sums up payments", (topology) => {
  const driver = new TopologyTestDriver(topology());
  driver.input(payments).pipeAll([
    ["ada", 300],
    ["bob", 50],
    ["ada", -100],
  ]);
  expect(driver.output(balances).readPairs(), driver.explain()).toEqual([
    ["ada", 300],
    ["bob", 50],
    ["ada", 200],
  ]);
});
