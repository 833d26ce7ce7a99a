import { describe, it } from "vitest";
import { boundedStoresConformance } from "../conformance/bounded-stores-conformance.ts";
import { expiringStoresConformance } from "../conformance/expiring-stores-conformance.ts";
import { queryViewsConformance } from "../conformance/query-views-conformance.ts";
import { storeEngineConformance } from "../conformance/store-engine-conformance.ts";
import { taskStoresConformance } from "../conformance/task-stores-conformance.ts";
import { versionedStoresConformance } from "../conformance/versioned-stores-conformance.ts";
import { MemoryEngine } from "./memory-engine.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const fixture = {
  openEmpty: () => Promise.resolve(new MemoryEngine()),
  seeds: isVerify ? 20 : 3,
};

describe("STATE-1: the in-memory engine is a store engine", () => {
  for (const { name, run } of storeEngineConformance(fixture)) it(name, run);
});

describe("STATE-2: stores on the in-memory engine", () => {
  for (const { name, run } of taskStoresConformance(fixture)) it(name, run);
});

describe("STATE-12: stores whose rows expire, on the in-memory engine", () => {
  for (const { name, run } of expiringStoresConformance(fixture)) it(name, run);
});

describe("STATE-17: queries beside a task, on the in-memory engine", () => {
  for (const { name, run } of queryViewsConformance({ ...fixture, seeds: isVerify ? 40 : 10 }))
    it(name, run);
});

describe("STATE-13: versioned stores on the in-memory engine", () => {
  for (const { name, run } of versionedStoresConformance(fixture)) it(name, run);
});

describe("STATE-14: LRU stores and stores of lists on the in-memory engine", () => {
  for (const { name, run } of boundedStoresConformance(fixture)) it(name, run);
});
