import { Broker } from "@millrace/broker";
import type { Platform } from "@millrace/platform";

import { watched, type SimulationContext } from "../simulation-context.ts";
import { brokerPort } from "./cluster-connection.ts";
import { judgeFailure } from "./judge-failure.ts";

export const brokerName = "broker";

/**
 * The broker, under a supervisor: it is shut down cleanly and started again now and then, and ended when it
 * cannot start or its device fails, alone (the page cache then still shows what the device never got) or
 * together with its host.
 */
export async function runBroker(
  real: Platform,
  context: SimulationContext,
  kill: () => void,
): Promise<void> {
  const { options, plant, history, simulator, progress } = context;
  const platform = watched(real, context);
  const end = (): void => {
    const isAlone = real.random.below(2) === 0;
    queueMicrotask(() => (isAlone ? kill() : simulator.powerLoss(brokerName)));
  };
  for (;;) {
    try {
      const broker = await Broker.start(platform, {
        dataDirectory: "/data",
        port: brokerPort,
        properties: brokerProperties(context),
        durability: plant.durability ?? "group",
        reserveBytes: 0,
        closeTimeoutMs: 2_000,
        onFailed: end,
        ...(plant.isEndTransactionEpochAccepted === undefined
          ? {}
          : { isEndTransactionEpochAccepted: plant.isEndTransactionEpochAccepted }),
      });
      const isShutDown = real.random.below(1_000) < 1_000 * options.brokerShutdownChance;
      await platform.timers.sleep(isShutDown ? 300 + real.random.below(3_000) : Infinity);
      if (progress.isHealed) await platform.timers.sleep(Infinity);
      await broker.close();
    } catch (error) {
      judgeFailure(history, brokerName, error);
      end();
      return;
    }
    await platform.timers.sleep(5 + real.random.below(100));
  }
}

function brokerProperties({ options }: SimulationContext): Readonly<Record<string, string>> {
  return {
    "offsets.topic.num.partitions": "2",
    "log.roll.ms": String(options.segmentMs),
    "transaction.state.log.num.partitions": "2",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "300",
    "group.initial.rebalance.delay.ms": "20",
    "group.min.session.timeout.ms": "500",
  };
}
