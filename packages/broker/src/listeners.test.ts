import type { LogFields } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { brokerWorld } from "../test-support/broker-world.ts";
import { BrokerConfig, type BrokerProperties } from "./config/broker-config.ts";
import { planListeners } from "./listeners.ts";

const plan = (properties: BrokerProperties, given: Parameters<typeof planListeners>[1] = {}) =>
  planListeners(BrokerConfig.parse(properties, memoryPlatform().logger), given);

const map = (pairs: string) => ({ "listener.security.protocol.map": pairs });

test("listeners have names, protocols and addresses of their own; the first takes what is given beside", () => {
  const properties = {
    listeners: "A://127.0.0.1:1,B://localhost:2",
    "advertised.listeners": "B://broker.test:3",
    "listener.security.protocol.map": "A:PLAINTEXT,B:SASL_PLAINTEXT",
  };
  expect(plan(properties, { port: 9 })).toEqual([
    {
      name: "A",
      protocol: "PLAINTEXT",
      address: { host: "127.0.0.1", port: 9 },
      advertised: undefined,
      isSecure: true,
    },
    {
      name: "B",
      protocol: "SASL_PLAINTEXT",
      address: { host: "localhost", port: 2 },
      advertised: { host: "broker.test", port: 3 },
      isSecure: true,
    },
  ]);
});

test.each([
  ["that others can reach", { listeners: "PLAINTEXT://0.0.0.0:1" }, "INSECURE_BIND"],
  [
    "beside one on loopback",
    { listeners: "PLAINTEXT://:1,SASL_PLAINTEXT://10.0.0.1:2" },
    "INSECURE_BIND",
  ],
  ["of a name without a protocol", { listeners: "A://:1" }, "INVALID_LISTENER"],
  ["of a protocol that is none", { listeners: "A://:1", ...map("A:TCP") }, "INVALID_LISTENER"],
  ["with TLS that asks nobody who it is", { listeners: "SSL://0.0.0.0:1" }, "INSECURE_BIND"],
  [
    "with TLS that asks only who wants to tell",
    { listeners: "SSL://0.0.0.0:1", "ssl.client.auth": "requested" },
    "INSECURE_BIND",
  ],
  ["with SASL alone", { listeners: "SASL_PLAINTEXT://0.0.0.0:1" }, "INSECURE_BIND"],
  ["of a name that is taken", { listeners: "PLAINTEXT://:1,PLAINTEXT://:2" }, "INVALID_LISTENER"],
  ["without a port", { listeners: "PLAINTEXT://x" }, "INVALID_LISTENER"],
  [
    "that clients are told of under another name",
    { listeners: "PLAINTEXT://:1", "advertised.listeners": "PLANTEXT://broker.test:1" },
    "INVALID_LISTENER",
  ],
])("a listener %s is refused", (_what, properties, code) => {
  expect(() => plan(properties)).toThrow(expect.objectContaining({ code }));
});

test("names may be any words, as those of Strimzi are", () => {
  const listeners = "plain-9092://127.0.0.1:9092,in.ner 1://[::1]:9093";
  const [one, two] = plan({ listeners, ...map("PLAIN-9092:SSL,in.ner 1:PLAINTEXT") });
  expect(one).toMatchObject({ name: "PLAIN-9092", protocol: "SSL" });
  expect(two).toMatchObject({ name: "IN.NER 1", address: { host: "::1", port: 9093 } });
});

test.each([
  ["SASL_SSL", {}],
  ["SSL", { "ssl.client.auth": "required" }],
])("%s with authentication may be reached by others", (name, properties) => {
  const address = `${name}://10.0.0.1:1`;
  const [one] = plan({ ...properties, listeners: address });
  expect(one).toMatchObject({ protocol: name, isSecure: true });
});

test("one that others can reach is asked for in so many words, and clients are told where it is", () => {
  const all = { host: "0.0.0.0", insecureListen: true };
  expect(() => plan({}, all)).toThrow(/advertised\.listeners/);
  const [one] = plan({ "advertised.listeners": "PLAINTEXT://broker.test:1" }, all);
  expect(one.advertised).toEqual({ host: "broker.test", port: 1 });
});

test("a broker that others can reach warns of it", async () => {
  const world = brokerWorld({
    host: "0.0.0.0",
    insecureListen: true,
    properties: { "advertised.listeners": "PLAINTEXT://127.0.0.1:9092" },
  });
  await world.platform.until(
    (async () => {
      const { broker } = await world.start();
      await broker.close();
    })(),
  );
  const warning = world.told.find(({ event }) => event === "broker.insecure-listener");
  expect(warning).toMatchObject<LogFields>({ level: "warn", address: "0.0.0.0:9092" });
});
