import { decodeMessage, encodeMessage } from "@millrace/protocol";
import { streamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import {
  type Beat,
  joinBeat,
  laterBeat,
  subtopology,
} from "../../../../test-support/streams-member-script.ts";
import { CoordinatorLogError } from "../../coordinator-log-error.ts";

const sessionTimeoutMs = 1000;

async function beat(world: CoordinatorWorld, request: Beat): Promise<number> {
  const complete = decodeMessage(
    streamsGroupHeartbeatRequest,
    0,
    encodeMessage(streamsGroupHeartbeatRequest, 0, request),
  );
  const client = { clientId: "c", clientHost: "/127.0.0.1" };
  return (await world.ask(world.groups.streams.heartbeat(complete, client))).response.errorCode;
}

test.each([
  ["leaves", true],
  ["falls silent", false],
])("a member that %s while the log takes nothing is put out later", async (_what, doesLeave) => {
  const world = new CoordinatorWorld({ streamsConfig: { sessionTimeoutMs } });
  world.topics.set("orders", 1);
  expect(await beat(world, joinBeat("m", [subtopology("0", { sources: ["orders"] })]))).toBe(0);
  world.logs.refusal = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");
  if (doesLeave) expect(await beat(world, laterBeat("m", -1))).not.toBe(0);
  else await world.platform.advance(sessionTimeoutMs);
  world.logs.refusal = undefined;
  await world.platform.advance(2 * sessionTimeoutMs);
  const described = await world.ask(world.groups.streams.describe("app"));
  expect(described).toMatchObject({ groupState: "Empty", members: [] });
  world.coordinators.close();
});
