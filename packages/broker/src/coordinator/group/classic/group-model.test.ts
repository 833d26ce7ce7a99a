import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { errorCode } from "../../error-code.ts";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import { commit, committed, joinRequest } from "../../../../test-support/group-member-script.ts";
import type { JoinGroupAnswer } from "./group-answers.ts";

/*
 * Model test of the group coordinator: three clients that join, sync, beat, leave, die and commit,
 * while time passes and the coordinator crashes.
 *
 * - GROUP-7: in a generation there is one leader, and every member gets what that leader assigned;
 * - GROUP-8: once a commit of a generation was accepted, none of an older one is;
 * - GROUP-9: an acknowledged commit is there after a crash;
 * - GROUP-10: left alone, the living members end up in one stable generation.
 */

interface Client {
  readonly groupInstanceId: string | null;
  memberId: string;
  joined: JoinGroupAnswer | undefined;
  isStable: boolean;
  isBusy: boolean;
  isAlive: boolean;
}

interface Model {
  readonly clients: readonly Client[];
  /** Changes with every crash: a generation that was not durable may come again. */
  life: number;
  readonly leaders: Map<string, string>;
  acceptedGeneration: number;
  committed: number;
}

type Command = fc.AsyncCommand<Model, CoordinatorWorld>;

function command(
  label: string,
  run: (model: Model, world: CoordinatorWorld) => Promise<void>,
): Command {
  return { toString: () => label, check: () => true, run };
}

/** The next thing that a client does. */
function step(index: number): Command {
  return command(`step ${index}`, async (model, world) => {
    const client = model.clients[index];
    if (client.isBusy) return;
    client.isBusy = true;
    client.isAlive = true;
    const { life } = model;
    void act(model, world, client).finally(() => {
      if (life === model.life) client.isBusy = false;
    });
    await world.platform.advance(0);
  });
}

async function act(model: Model, world: CoordinatorWorld, client: Client): Promise<void> {
  const { life } = model;
  if (client.joined === undefined) {
    const joined = await world.groups.classic.join(
      joinRequest({ memberId: client.memberId, groupInstanceId: client.groupInstanceId }),
    );
    if (life === model.life) onJoined(model, client, joined);
  } else if (client.isStable) {
    const { groupInstanceId } = client;
    const { generationId, memberId } = client.joined;
    const code = await world.groups.classic.heartbeat({
      groupId: "group",
      generationId,
      memberId,
      groupInstanceId,
    });
    if (life === model.life && code !== 0) rejoin(client, code);
  } else await sync(model, world, { client, joined: client.joined });
}

function onJoined(model: Model, client: Client, joined: JoinGroupAnswer): void {
  if (joined.errorCode === errorCode.memberIdRequired) client.memberId = joined.memberId;
  else if (joined.errorCode === errorCode.unknownMemberId) client.memberId = "";
  if (joined.errorCode !== 0) return;
  client.memberId = joined.memberId;
  client.joined = joined;
  client.isStable = false;
  if (joined.members.length === 0 || joined.skipAssignment) return;
  const key = `${model.life} ${joined.generationId}`;
  expect(model.leaders.get(key) ?? joined.memberId).toBe(joined.memberId);
  model.leaders.set(key, joined.memberId);
}

async function sync(
  model: Model,
  world: CoordinatorWorld,
  { client, joined }: { readonly client: Client; readonly joined: JoinGroupAnswer },
): Promise<void> {
  const { life } = model;
  const { generationId, memberId, members, skipAssignment } = joined;
  const assigned = skipAssignment ? [] : members;
  const synced = await world.groups.classic.sync({
    groupId: "group",
    generationId,
    memberId,
    groupInstanceId: client.groupInstanceId,
    protocolType: joined.protocolType,
    protocolName: joined.protocolName,
    assignments: new Map(
      assigned.map((member) => [
        member.memberId,
        encodeUtf8(
          `${generationId} by ${memberId} for ${member.groupInstanceId ?? member.memberId}`,
        ),
      ]),
    ),
  });
  if (life !== model.life) return;
  if (synced.errorCode !== 0) {
    rejoin(client, synced.errorCode);
    return;
  }
  client.isStable = true;
  const leader = model.leaders.get(`${life} ${generationId}`);
  const name = client.groupInstanceId ?? memberId;
  const assignment = decodeUtf8(synced.assignment);
  if (leader !== undefined) expect(assignment).toBe(`${generationId} by ${leader} for ${name}`);
  else expect(assignment).toMatch(new RegExp(`^${generationId} by .* for ${name}$`));
}

function rejoin(client: Client, code: number): void {
  client.joined = undefined;
  client.isStable = false;
  if (code === errorCode.unknownMemberId || code === errorCode.fencedInstanceId)
    client.memberId = "";
}

/** It stops, and what it was is forgotten; a static one will take its seat again. */
function die(index: number): Command {
  return command(`die ${index}`, (model) => {
    const client = model.clients[index];
    Object.assign(client, { memberId: "", joined: undefined, isStable: false, isAlive: false });
    return Promise.resolve();
  });
}

function leave(index: number): Command {
  return command(`leave ${index}`, async (model, world) => {
    const client = model.clients[index];
    const { memberId, groupInstanceId } = client;
    if (memberId === "" || client.isBusy) return;
    await world.ask(world.groups.classic.leave("group", [{ memberId, groupInstanceId }]));
    Object.assign(client, { memberId: "", joined: undefined, isStable: false, isAlive: false });
  });
}

function commitAs(index: number): Command {
  return command(`commit ${index}`, async (model, world) => {
    const { joined, groupInstanceId } = model.clients[index];
    if (joined === undefined) return;
    const { generationId, memberId } = joined;
    const offset = model.committed + 1;
    const change = { offset, generationId, memberId, groupInstanceId };
    const codes = await world.ask(commit(world, change));
    if (typeof codes === "number" || codes[0] !== 0) return;
    expect(generationId).toBeGreaterThanOrEqual(model.acceptedGeneration);
    model.acceptedGeneration = generationId;
    model.committed = offset;
  });
}

/** A commit that was long under way. */
function commitLate(index: number): Command {
  return command(`commit late ${index}`, async (model, world) => {
    const { joined, groupInstanceId } = model.clients[index];
    if (joined === undefined) return;
    const { generationId, memberId } = joined;
    const late = { offset: 1, generationId: generationId - 1, memberId, groupInstanceId };
    const codes = await world.ask(commit(world, late));
    expect(codes).toBeTypeOf("number");
  });
}

function advance(durationMs: number): Command {
  return command(`advance ${durationMs}`, async (_model, world) => {
    await world.platform.advance(durationMs);
  });
}

function crash(kept: number): Command {
  return command(`crash with ${kept}`, async (model, world) => {
    model.life++;
    // A generation that was never synced stands in no record: after a crash the one before it goes on, as in Kafka.
    model.acceptedGeneration = 0;
    await world.restart(kept);
    for (const client of model.clients) {
      client.isBusy = false;
      // A client whose join was not answered knows nothing; the others go on as they were.
      if (client.joined !== undefined && !client.isStable) client.joined = undefined;
    }
    expect(await world.ask(committed(world))).toBe(model.committed === 0 ? -1 : model.committed);
  });
}

const anyClient = fc.nat(2);
const commands = fc.commands<Model, CoordinatorWorld, false>(
  [
    anyClient.map(step),
    anyClient.map(step),
    anyClient.map(step),
    anyClient.map(commitAs),
    anyClient.map(commitLate),
    anyClient.map(leave),
    anyClient.map(die),
    fc.constantFrom(5, 1_000, 11_000, 70_000).map(advance),
    fc.nat(2).map(crash),
  ],
  { maxCommands: 60, size: "max" },
);

test(
  "generations are whole, commits fenced, and the group settles",
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const world = new CoordinatorWorld({ syncMs: 3 });
        const model = newModel();
        await fc.asyncModelRun(() => ({ model, real: world }), script);
        await settle(model, world);
      }),
      { numRuns: 60 },
    );
  },
);

function newModel(): Model {
  const client = (groupInstanceId: string | null): Client => ({
    groupInstanceId,
    memberId: "",
    joined: undefined,
    isStable: false,
    isBusy: false,
    isAlive: true,
  });
  return {
    clients: [client(null), client(null), client("seat")],
    life: 0,
    leaders: new Map(),
    acceptedGeneration: 0,
    committed: 0,
  };
}

async function settle(model: Model, world: CoordinatorWorld): Promise<void> {
  const living = model.clients.filter(({ isAlive }) => isAlive);
  for (let round = 0; round < 400; round++) {
    for (const [index, client] of model.clients.entries())
      if (client.isAlive) await step(index).run(model, world);
    await world.platform.advance(1_000);
    const isSettled = living.every(
      ({ isStable, isBusy, joined }) =>
        isStable && !isBusy && joined?.generationId === living[0].joined?.generationId,
    );
    if (isSettled && round > 80) return;
  }
  expect(living.map(({ isStable, isBusy, joined }) => ({ isStable, isBusy, joined }))).toEqual([]);
}
