import { Broker } from "@millrace/broker";
import type { Platform } from "@millrace/platform";

import { shortTimes } from "../../../packages/testing/src/simulate/world/broker-process.ts";
import type { History } from "../history.ts";
import { watched, type SimulationContext } from "../simulation-context.ts";
import { noteBeforeCompaction } from "./compacted-records.ts";
import { brokerPort } from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { judgeFailure } from "./judge-failure.ts";

export const brokerName = "broker";
const dataDirectory = "/data";

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
  const platform = notingCompactions(watched(real, context), history);
  const end = (): void => {
    const isAlone = real.random.below(2) === 0;
    queueMicrotask(() => (isAlone ? kill() : simulator.powerLoss(brokerName)));
  };
  const { signal } = progress.ending;
  while (!signal.aborted) {
    try {
      const broker = await Broker.start(platform, {
        dataDirectory,
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
      await asleep(platform, isShutDown ? 300 + real.random.below(3_000) : Infinity, signal);
      if (progress.isHealed) await asleep(platform, Infinity, signal);
      await broker.close();
      context.ended.note("broker", broker);
    } catch (error) {
      judgeFailure(history, brokerName, error);
      end();
      return;
    }
    await platform.timers.sleep(5 + real.random.below(100));
  }
}

/** Until the time is over, or the signal aborts. */
async function asleep({ timers }: Platform, ms: number, signal: AbortSignal): Promise<void> {
  await timers.sleep(ms, signal).catch(() => {});
}

/** C8 comes just before segments are replaced by what was made from them. */
function notingCompactions(platform: Platform, history: History): Platform {
  return {
    ...platform,
    probe: (step) => {
      if (step === "C8") noteBeforeCompaction(platform.fileSystem, dataDirectory, history);
      platform.probe?.(step);
    },
  };
}

function brokerProperties({ options }: SimulationContext): Readonly<Record<string, string>> {
  return {
    ...shortTimes,
    "log.roll.ms": String(options.segmentMs),
    "group.streams.num.standby.replicas": "1",
    // Changelogs and internal topics are compacted again and again within a story.
    "log.cleaner.backoff.ms": "100",
    "log.cleaner.min.cleanable.ratio": "0.01",
    // Each start is a reason for a snapshot.
    "metadata.log.max.record.bytes.between.snapshots": "300",
    "offsets.topic.segment.bytes": "4096",
    "transaction.state.log.segment.bytes": "4096",
  };
}
