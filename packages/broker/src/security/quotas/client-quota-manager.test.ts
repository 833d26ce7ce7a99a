import { expect, test } from "vitest";
import { ClientQuotas } from "../../metadata/client-quotas.ts";
import { ClientQuotaManager } from "./client-quota-manager.ts";

function worldOf(
  ...set: readonly (readonly [type: string, name: string | null, key: string, value: number])[]
) {
  const quotas = new ClientQuotas();
  for (const [entityType, entityName, key, value] of set)
    quotas.replay({ entity: [{ entityType, entityName }], key, value, remove: false });
  let nowMs = 1000;
  const clock = { wallMs: () => 0, monotonicMs: () => nowMs };
  const manager = new ClientQuotaManager(quotas, clock, () => 2);
  const client = { principal: { kind: "User", name: "ann" } as const, clientId: "app" };
  return { manager, client, pass: (ms: number) => (nowMs += ms) };
}

test("time is counted as a share of a second, and nobody waits for longer than one for it", () => {
  const { manager, client } = worldOf(["user", "ann", "request_percentage", 50]);
  expect(manager.charge(client, "request_percentage", 400)).toBe(0);
  expect(manager.charge(client, "request_percentage", 101)).toBe(20);
  expect(manager.charge(client, "request_percentage", 10_000)).toBe(1000);
  expect(
    manager.charge(
      { ...client, principal: { kind: "User", name: "bea" } as const },
      "request_percentage",
      10_000,
    ),
  ).toBe(0);
});

test("what was not done after all is given back", () => {
  const { manager, client } = worldOf(["user", "ann", "consumer_byte_rate", 100]);
  expect(manager.mostAtOnce(client, "consumer_byte_rate")).toBe(1000);
  expect(manager.charge(client, "consumer_byte_rate", 1200)).toBe(2000);
  manager.refund(client, "consumer_byte_rate", 1200);
  expect(manager.charge(client, "consumer_byte_rate", 1000)).toBe(0);
});

test("a client may save up mutations for eleven seconds, and spend all and more at once", () => {
  const { manager, client, pass } = worldOf(["user", "ann", "controller_mutation_rate", 2]);
  const strict = (partitions: number) => manager.mutate(client, partitions, "strict");
  expect(strict(30)).toEqual({ isRefused: false, throttleMs: 0 });
  expect(strict(1)).toEqual({ isRefused: true, throttleMs: 4000 });
  expect(manager.mutate(client, 2, "permissive")).toEqual({ isRefused: false, throttleMs: 5000 });
  pass(4999);
  expect(strict(1).isRefused).toBe(true);
  pass(1);
  expect(strict(1)).toEqual({ isRefused: false, throttleMs: 0 });
  pass(1_000_000);
  expect(strict(22)).toEqual({ isRefused: false, throttleMs: 0 });
  expect(strict(1)).toEqual({ isRefused: false, throttleMs: 0 });
  expect(strict(1).isRefused).toBe(true);
});

test("connections are counted by address; a rate of its own goes before that of all", () => {
  const { manager, pass } = worldOf(
    ["ip", null, "connection_creation_rate", 0.1],
    ["ip", "10.0.0.1", "connection_creation_rate", 1],
  );
  const connect = (address: string, times: number) =>
    Array.from({ length: times }, () => manager.connect(address)).filter((ms) => ms > 0).length;
  expect(connect("10.0.0.1", 10)).toBe(0);
  expect(connect("10.0.0.1", 5)).toBe(5);
  expect(connect("10.0.0.2", 1)).toBe(0);
  expect(connect("10.0.0.2", 1)).toBe(1);
  pass(12_000);
  expect(connect("10.0.0.1", 11)).toBe(1);
});

test("connections of all addresses together wait for their turn", () => {
  const { manager, pass } = worldOf();
  const waits = Array.from({ length: 23 }, () => manager.admit());
  expect(waits.slice(0, 20).every((ms) => ms === 0)).toBe(true);
  expect(waits.slice(20)).toEqual([500, 1000, 1500]);
  pass(60_000);
  expect(manager.admit()).toBe(0);
});
