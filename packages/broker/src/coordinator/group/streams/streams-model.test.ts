import { decodeMessage, encodeMessage } from "@millrace/protocol";
import { streamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import {
  type Beat,
  joinBeat,
  laterBeat,
  subtopology,
} from "../../../../test-support/streams-member-script.ts";
import { CoordinatorLogError } from "../../coordinator-log-error.ts";
import { errorCode } from "../../error-code.ts";
import type { TaskIds } from "./tasks.ts";

/*
 * Model test of a streams group: members that join, beat, let go, leave, fall silent, whose answers
 * are lost, while topics grow, the disk is full and the coordinator crashes.
 *
 * - STREAMS-GROUP-2: no task is active in two members that believe they have it;
 * - STREAMS-GROUP-3: left alone, the living members have all tasks.
 */

interface Member {
  readonly memberId: string;
  epoch: number;
  isIn: boolean;
  /** The last answer did not come. */
  hasMissed: boolean;
  active: readonly TaskIds[];
  standby: readonly TaskIds[];
}

const diskFull = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");

const topology = [
  subtopology("0", { sources: ["orders"], changelog: "count-changelog" }),
  subtopology("1", { sources: ["clicks"] }),
];

const complete = (beat: Beat) =>
  decodeMessage(
    streamsGroupHeartbeatRequest,
    0,
    encodeMessage(streamsGroupHeartbeatRequest, 0, beat),
  );

async function beat(world: CoordinatorWorld, member: Member): Promise<void> {
  const response = await ask(world, member);
  if (response.errorCode === errorCode.coordinatorNotAvailable) {
    member.hasMissed = true;
    return;
  }
  member.isIn = response.errorCode === 0;
  member.hasMissed = false;
  if (!member.isIn) {
    member.active = [];
    member.standby = [];
    return;
  }
  member.epoch = response.memberEpoch;
  member.active = response.activeTasks ?? member.active;
  member.standby = response.standbyTasks ?? member.standby;
}

async function ask(world: CoordinatorWorld, member: Member) {
  const { memberId, epoch, active, standby } = member;
  const owned = { activeTasks: active, standbyTasks: standby, warmupTasks: [] };
  const request = member.isIn
    ? laterBeat(memberId, epoch, {
        ...owned,
        ...(member.hasMissed ? { rebalanceTimeoutMs: 300_000 } : {}),
      })
    : joinBeat(memberId, topology, {
        processId: `process ${Number(memberId) % 2}`,
        rebalanceTimeoutMs: 300_000,
      });
  const answer = world.groups.streams.heartbeat(complete(request), {
    clientId: "c",
    clientHost: "/127.0.0.1",
  });
  return (await world.ask(answer)).response;
}

function activeTasks(members: readonly Member[]): string[] {
  return members.flatMap(({ active }) =>
    active.flatMap(({ subtopologyId, partitions }) =>
      partitions.map((partition) => `${subtopologyId}_${partition}`),
    ),
  );
}

type Kind = "beat" | "lost" | "leave" | "grow" | "crash" | "silent";
type Step = readonly [kind: Kind, member: number, isDiskFull: boolean];

async function run(world: CoordinatorWorld, steps: readonly Step[]): Promise<void> {
  let partitions = 3;
  world.topics.set("orders", partitions);
  world.topics.set("clicks", 2);
  world.topics.set("count-changelog", partitions);
  const members = ["0", "1", "2"].map((memberId): Member => ({
    memberId,
    epoch: 0,
    isIn: false,
    hasMissed: false,
    active: [],
    standby: [],
  }));
  const atMostOnce = () => {
    const tasks = activeTasks(members);
    expect(new Set(tasks).size, "STREAMS-GROUP-2").toBe(tasks.length);
  };
  for (const [kind, index, isDiskFull] of steps) {
    const member = members[index];
    world.logs.refusal = isDiskFull ? diskFull : undefined;
    if (kind === "beat") await beat(world, member);
    // The member hears nothing of it.
    else if (kind === "lost") {
      await ask(world, member);
      member.hasMissed = true;
    } else if (kind === "crash") await world.restart();
    else if (kind === "grow") {
      world.topics.set("orders", ++partitions);
      world.topics.set("count-changelog", partitions);
    } else if (kind === "silent") {
      // What it had it gives up, as a client does whose session has ended.
      Object.assign(member, { isIn: false, active: [], standby: [] });
      for (const ms of [25_000, 25_000]) {
        await world.platform.advance(ms);
        for (const other of members) if (other.isIn) await beat(world, other);
      }
    } else if (member.isIn) {
      const left = complete(laterBeat(member.memberId, -1));
      await world.ask(world.groups.streams.heartbeat(left, { clientId: "c", clientHost: "/" }));
      Object.assign(member, { isIn: false, active: [], standby: [] });
    }
    atMostOnce();
  }
  world.logs.refusal = undefined;
  for (let round = 0; round < 8; round++)
    for (const member of members) {
      await beat(world, member);
      atMostOnce();
    }
  expect(activeTasks(members), "STREAMS-GROUP-3").toHaveLength(partitions + 2);
  expect(await world.ask(world.groups.streams.describe("app"))).toMatchObject({
    groupState: "Stable",
  });
}

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom<Kind>(
    ...(["beat", "beat", "beat", "beat", "lost", "leave", "grow", "crash", "silent"] as const),
  ),
  fc.nat(2),
  fc.nat(3).map((chance) => chance === 0),
);

const runs = process.env.MILLRACE_VERIFY === "1" ? 2000 : 60;

test.each([0, 1])(
  "STREAMS-GROUP-2, STREAMS-GROUP-3: with %i standbys every task ends up active once, and never twice",
  { timeout: 900_000 },
  async (standbyReplicas) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = new CoordinatorWorld({ streamsConfig: { standbyReplicas } });
        await run(world, steps);
        world.coordinators.close();
      }),
      { numRuns: runs },
    );
  },
);
