import { expect, test } from "vitest";
import { brokerConfigDefinitions } from "./broker-config.ts";
import { describedBrokerProperties } from "./broker-config-documentation.ts";
import { clientMetricsDefinitions } from "./client-metrics-config.ts";
import { documentationOf } from "./config-documentation.ts";
import { groupConfigDefinitions } from "./group-config.ts";
import { topicConfigDefinitions } from "./topic-config.ts";

const all = {
  brokers: brokerConfigDefinitions,
  topics: topicConfigDefinitions,
  groups: groupConfigDefinitions,
  metrics: clientMetricsDefinitions,
};

test.each(Object.entries(all))("every property of %s is described in a sentence", (_of, rows) => {
  for (const definition of rows.values())
    expect(documentationOf(definition), definition.name).toMatch(/^.{10,}\.( |$)/);
});

test("what is described is a property, and what has a meaning is not said to have none", () => {
  for (const name of describedBrokerProperties)
    expect(brokerConfigDefinitions.has(name), name).toBe(true);
  for (const definition of brokerConfigDefinitions.values())
    if (definition.hasMeaning && documentationOf(definition)?.startsWith("Kept for tools") === true)
      expect.fail(definition.name);
});
