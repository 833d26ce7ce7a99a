import { expect, test } from "vitest";
import { ClientQuotas } from "../../metadata/client-quotas.ts";
import { applicableQuota } from "./applicable-quota.ts";

const user = (entityName: string | null) => ({ entityType: "user", entityName });
const client = (entityName: string | null) => ({ entityType: "client-id", entityName });

test("the closest quota holds, and the next one once it is removed", () => {
  const order = [
    [user("ann"), client("app")],
    [user("ann"), client(null)],
    [user("ann")],
    [user(null), client("app")],
    [user(null), client(null)],
    [user(null)],
    [client("app")],
    [client(null)],
  ];
  const quotas = new ClientQuotas();
  const key = "producer_byte_rate";
  for (const [index, entity] of order.entries())
    quotas.replay({ entity, key, value: index + 1, remove: false });
  const found = () => applicableQuota(quotas, key, { user: "ann", clientId: "app" })?.limit;
  for (const [index, entity] of order.entries()) {
    expect(found()).toBe(index + 1);
    quotas.replay({ entity, key, value: 0, remove: true });
  }
  expect(found()).toBeUndefined();
});
