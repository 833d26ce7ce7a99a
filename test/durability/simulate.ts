import { Broker } from "@millrace/broker";
import { drainTurn } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import type { Platform } from "@millrace/platform";
import { type FaultProbabilities, Simulator } from "@millrace/simulator";

import { audit } from "./audit.ts";
import { Ledger } from "./ledger.ts";
import { type LoadOptions, runLoad } from "./load.ts";
import { watchLiveGroup } from "./live-group.ts";
import { noPlant, type Plant } from "./plants.ts";
import { brokerProperties } from "./topics.ts";

const brokerName = "broker";
const port = 9092;
const troubledMs = 4000;
/** Then writers have caught up, and there are young lines. */
const calmMs = 1000;
const auditMsMax = 60_000;
const loadEndMsMax = 60_000;
const liveMsMax = 180_000;
const auditCount = 2;

/** What happens to the broker while the load goes on. Its clients live. */
const faults: FaultProbabilities = {
  powerLoss: 0.1,
  kill: 0.05,
  cut: 0.002,
  slowFsync: 0.03,
  crashAtStep: 0.002,
};

export interface SimulatedRun {
  readonly violations: readonly string[];
  readonly acked: number;
  readonly powerLosses: number;
  readonly traceHash: string;
}

/**
 * A broker alone, in virtual time: power fails and processes die under mixed load; then faults end, and all that is
 * there is judged, and again when the load is over and power has failed once more, twice. At last a group lives on for
 * longer than offsets without members are kept.
 */
export async function simulate(
  seed: number,
  durability: "group" | "strict",
  plant: Plant = noPlant,
): Promise<SimulatedRun> {
  const ledger = new Ledger();
  const simulator = new Simulator({ seed, drain: drainTurn, faults });
  const broker = simulator.process(brokerName, {
    start: (platform) =>
      runBroker(plant.platform?.(platform) ?? platform, plant.durability ?? durability, () =>
        queueMicrotask(() => broker.kill()),
      ),
    immuneTo: ["latentError"],
  });
  const clients = simulator.process("clients", {
    immuneTo: ["kill", "powerLoss", "pause", "crashAtStep"],
  });
  let isOver = false;
  const options: LoadOptions = {
    platform: clients.platform,
    address: { host: "127.0.0.1", port },
    ledger,
    isOver: () => isOver,
  };
  using _ = plant.install?.() ?? nothing;
  try {
    const load = runLoad(options);
    await simulator.advance(troubledMs);
    simulator.heal();
    await simulator.advance(calmMs);
    await simulator.until(audit(options), { timeoutMs: auditMsMax });
    isOver = true;
    await simulator.until(load, { timeoutMs: loadEndMsMax });
    for (let count = 0; count < auditCount; count++) {
      simulator.powerLoss(brokerName);
      await simulator.until(audit(options), { timeoutMs: auditMsMax });
    }
    const failPower = () => simulator.powerLoss(brokerName);
    await simulator.until(watchLiveGroup(options, failPower), { timeoutMs: liveMsMax });
  } catch (error) {
    ledger.violations.push(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
  }
  return {
    violations: ledger.violations,
    acked: ledger.count("acked"),
    powerLosses: simulator.faults.get("powerLoss") ?? 0,
    traceHash: simulator.traceHash(),
  };
}

const nothing: Disposable = { [Symbol.dispose]: () => {} };

export async function runBroker(
  platform: Platform,
  durability: "group" | "os" | "strict",
  end: () => void,
): Promise<void> {
  try {
    await Broker.start(platform, {
      dataDirectory: "/data",
      port,
      codecs: nodeCompression,
      properties: brokerProperties,
      durability,
      reserveBytes: 0,
      onFailed: end,
    });
    await platform.timers.sleep(Infinity);
  } catch {
    end();
  }
}
