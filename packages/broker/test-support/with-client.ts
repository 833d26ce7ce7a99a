import type { BrokerOptions } from "../src/broker-options.ts";
import { brokerWorld, type BrokerWorld } from "./broker-world.ts";
import type { TestClient } from "./test-client.ts";

export interface ClientWorld extends Pick<BrokerWorld, "gate" | "platform"> {
  readonly client: TestClient;
}

/** A broker of its own, groups that assemble at once, and a client of it. */
export async function withClient(
  story: (world: ClientWorld) => Promise<void>,
  properties: BrokerOptions["properties"] = {},
): Promise<void> {
  const world = brokerWorld({
    properties: {
      "group.initial.rebalance.delay.ms": 0,
      "offsets.topic.num.partitions": 2,
      "transaction.state.log.num.partitions": 2,
      ...properties,
    },
  });
  const run = async () => {
    const { broker, client } = await world.start();
    await story({ ...world, client });
    await broker.close();
  };
  await world.platform.until(run());
}
