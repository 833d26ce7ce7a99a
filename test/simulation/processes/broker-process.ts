import { Broker } from "@millrace/broker";
import type { Platform } from "@millrace/platform";

import { watched, type SimulationContext } from "../simulation-context.ts";
import { brokerPort } from "./cluster-connection.ts";
import { judgeFailure } from "./judge-failure.ts";

export const brokerName = "broker";

/**
 * The broker, under a supervisor: it is shut down cleanly and started again now and then, and killed when it
 * cannot start. A device that failed a sync takes its host along: only after that does a restart read what the
 * device has, instead of what the page cache still shows.
 */
export async function runBroker(real: Platform, context: SimulationContext): Promise<void> {
  const { options, plant, history, simulator, progress } = context;
  const platform = watched(real, context);
  const endHost = (): void => queueMicrotask(() => simulator.powerLoss(brokerName));
  for (;;) {
    try {
      const broker = await Broker.start(platform, {
        dataDirectory: "/data",
        port: brokerPort,
        properties: brokerProperties(context),
        durability: plant.durability ?? "group",
        reserveBytes: 0,
        closeTimeoutMs: 2_000,
        onFailed: endHost,
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
      endHost();
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
