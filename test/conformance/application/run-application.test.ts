import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "millrace";
import { expect, test } from "vitest";

import { startBundledBroker } from "../../interop/bundled-broker.ts";
import type { Program } from "../program.ts";
import { createTopics, Feeder } from "./feeder.ts";
import { inputOf, placeProgram } from "./placed-program.ts";
import { startMillrace } from "./processes.ts";
import { readTables } from "./read-tables.ts";

const timeoutMs = 60_000;

const program: Program = {
  name: "p",
  program: [
    { let: "s", op: "stream", topics: ["L"] },
    { let: "m", op: "mapValues", on: "s", fn: ["failOn", "bad"] },
    { op: "to", on: "m", topic: "out" },
  ],
  steps: [
    { pipe: "L", key: "a", value: "good", ts: 5 },
    { pipe: "L", key: "b", value: "bad", ts: 6 },
  ],
};

test(
  "an application tells its states, ends cleanly at SIGTERM, and with code 1 after an error",
  async () => {
    const state = mkdtempSync(join(tmpdir(), "millrace-application-"));
    try {
      await using broker = await startBundledBroker();
      await using client = connect({ bootstrapServers: broker.address });
      const placed = placeProgram(program, "app");
      await createTopics(client, [placed]);
      await using feeder = new Feeder(client, placed);
      const [good, bad] = inputOf(program);
      const signal = AbortSignal.timeout(timeoutMs);
      const place = { bootstrap: broker.address, state };

      await using first = startMillrace(placed.program, place);
      await feeder.feed([good], signal);
      await feeder.allProcessed(signal);
      await first.reached("RUNNING", signal);
      expect(await first.stop(), first.errors).toBe(0);
      expect(first.states).toEqual(["REBALANCING", "RUNNING", "PENDING_SHUTDOWN", "NOT_RUNNING"]);
      expect(await readTables(client, placed)).toEqual({ out: { "61": ["676f6f64", 5] } });

      await using second = startMillrace(placed.program, place);
      await feeder.feed([bad], signal);
      expect(await second.exited).toBe(1);
      expect(second.states.slice(-2)).toEqual(["PENDING_ERROR", "ERROR"]);
      expect(second.errors).toContain("AskedToFail");
    } finally {
      rmSync(state, { recursive: true, force: true });
    }
  },
  timeoutMs,
);

test(
  "what the runtime does not have ends a start with code 2 and a name",
  async () => {
    const place = { bootstrap: "localhost:1", state: "unused", parameters: ["--threads", "2"] };
    await using refused = startMillrace(program, place);
    expect(await refused.exited).toBe(2);
    expect(refused.errors).toBe(
      "UNSUPPORTED_OPTION: num.stream.threads=2: the runtime has only 1 so far\n",
    );
  },
  timeoutMs,
);
