import type { Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { describe, expect, it } from "vitest";
import { Simulator } from "../../../simulator/src/index.ts";
import { batchOf } from "../../test-support/batches.ts";
import { firstLog, openTestLog } from "../../test-support/open-test-log.ts";

const client = { origin: "client" } as const;
const size = batchOf().length;
const config = { segmentBytes: 2 * size };
/** Whether a cut that was not synced is undone differs by seed. */
const seedCount = 12;

/** A full segment whose torn tail is on the device. */
async function tear(platform: Platform): Promise<void> {
  platform.fileSystem.makeDirectory("data");
  await platform.fileSystem.syncDirectory("/");
  const log = await openTestLog(platform, config);
  for (let count = 0; count < 2; count++) log.append(batchOf(), client);
  await log.sync();
  const file = platform.fileSystem.open(firstLog, "readWrite");
  file.write([batchOf().subarray(0, size - 1)], 2 * size);
  await file.datasync();
}

/** The next start is killed after it has cut the tail, and before that is on the device. */
async function cutAndDie(simulator: Simulator, platform: Platform): Promise<void> {
  const reached = simulator.steps.get("C2") ?? 0;
  simulator.crashAt({ step: "C2", occurrence: reached + 1, kind: "kill" });
  openTestLog(platform, config, { recoveryPoint: 2 }).catch(() => {});
  await simulator.advance(1_000);
}

describe("a tail that was cut by a start that died", () => {
  it.each([2, 4])(
    "takes nothing away that was acknowledged in the next segment, recovery point %i",
    async (recoveryPoint) => {
      for (let seed = 1; seed <= seedCount; seed++) {
        const simulator = new Simulator({ seed, drain: drainTurn });
        const broker = simulator.process("broker");
        await simulator.until(tear(broker.platform));
        broker.kill();
        await cutAndDie(simulator, broker.restart());
        const next = await simulator.until(
          openTestLog(broker.restart(), config, { recoveryPoint: 2 }),
        );
        expect(next.logEndOffset).toBe(2);
        for (let count = 0; count < 2; count++) next.append(batchOf(), client);
        await simulator.until(next.sync());
        simulator.powerLoss("broker");
        const last = await simulator.until(
          openTestLog(broker.restart(), config, { recoveryPoint }),
        );
        expect([last.damage, last.logEndOffset], `seed ${seed}`).toEqual([undefined, 4]);
      }
    },
  );
});
