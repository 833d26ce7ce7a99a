import { codecOf } from "@millrace/protocol";
import { consumerProtocolSubscription } from "@millrace/protocol/definitions";
import { Writer } from "@millrace/protocol/wire";
import { describe, expect, test } from "vitest";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import {
  commit,
  commitRequest,
  committed,
  join,
  sync,
} from "../../../../test-support/group-member-script.ts";

const hourMs = 3_600_000;
const world = () => new CoordinatorWorld({ groupConfig: { offsetsRetentionMs: hourMs } });

function subscription(topic: string) {
  const writer = new Writer();
  writer.writeInt16(0);
  codecOf(consumerProtocolSubscription, 0).write(writer, { topics: [topic], userData: null });
  return [{ name: "range", metadata: writer.toBytes() }];
}

async function groupIds(made: CoordinatorWorld): Promise<readonly string[]> {
  const listed = await made.ask(made.groups.list());
  return typeof listed === "number" ? [] : listed.map(({ groupId }) => groupId);
}

/** Time passes, and it is looked for what has expired. */
async function pass(made: CoordinatorWorld, ms: number): Promise<void> {
  await made.platform.advance(ms);
  await made.ask(made.groups.offsets.expire());
}

describe("committed offsets", () => {
  test("of who only commits expire so long after their commit, and the group with the last one", async () => {
    const made = world();
    await made.ask(commit(made, { offset: 5 }));
    await pass(made, hourMs / 2);
    await made.ask(commit(made, { offset: 6, partition: 1 }));
    await pass(made, hourMs / 2 - 1);
    expect(await made.ask(committed(made))).toBe(5);
    await pass(made, 1);
    expect(await made.ask(committed(made))).toBe(-1);
    expect(await made.ask(committed(made, { partition: 1 }))).toBe(6);
    expect(await groupIds(made)).toEqual(["group"]);
    await pass(made, hourMs / 2);
    expect(await groupIds(made)).toEqual([]);
    await made.restart();
    expect([await made.ask(committed(made, { partition: 1 })), await groupIds(made)]).toEqual([
      -1,
      [],
    ]);
  });

  test("of a group that members have left expire so long after that, however old they are", async () => {
    const made = world();
    const joined = await made.ask(join(made, { sessionTimeoutMs: 1_800_000 }));
    await made.ask(sync(made, joined));
    const { memberId, generationId } = joined;
    await made.ask(commit(made, { offset: 5, memberId, generationId }));
    await pass(made, 1_700_000);
    await made.ask(made.groups.classic.leave("group", [{ memberId, groupInstanceId: null }]));
    await made.restart();
    await pass(made, hourMs - 1);
    expect(await made.ask(committed(made))).toBe(5);
    await pass(made, 1);
    expect(await groupIds(made)).toEqual([]);
  });

  test("that living members are subscribed to stay; of other topics they expire", async () => {
    for (const [topic, left] of [
      ["topic", 5],
      ["another", -1],
    ] as const) {
      const made = world();
      const asks = { sessionTimeoutMs: 1_800_000, protocols: subscription(topic) };
      const joined = await made.ask(join(made, asks));
      await made.ask(sync(made, joined));
      const { memberId, generationId } = joined;
      await made.ask(commit(made, { offset: 5, memberId, generationId }));
      for (let half = 0; half < 6; half++) {
        await pass(made, hourMs / 4);
        const beat = { groupId: "group", memberId, generationId, groupInstanceId: null };
        expect(await made.ask(made.groups.classic.heartbeat(beat))).toBe(0);
      }
      expect(await made.ask(committed(made))).toBe(left);
      expect(await groupIds(made)).toEqual(["group"]);
    }
  });

  test("that a transaction is about to replace stay until it is decided", async () => {
    const made = world();
    await made.ask(commit(made, { offset: 5 }));
    const timeoutMs = 900_000;
    const producer = await made.ask(
      made.transactions.initProducerId("tx", { timeoutMs, expected: undefined }),
    );
    await pass(made, hourMs - 1000);
    const request = commitRequest({ kind: "transactional", offset: 7 });
    const transaction = { ...producer, transactionalId: "tx", operation: "addPartition" as const };
    expect(await made.ask(made.groups.offsets.commitInTransaction(request, transaction))).toEqual([
      0,
    ]);
    await pass(made, 2000);
    expect(await made.ask(committed(made))).toBe(5);
    const end = { ...producer, transactionalId: "tx", clientTransactionVersion: 2 as const };
    await made.ask(made.transactions.endTransaction({ ...end, result: "commit" }));
    await pass(made, 1000);
    expect(await made.ask(committed(made))).toBe(7);
    await pass(made, hourMs);
    expect(await groupIds(made)).toEqual([]);
  });

  test("of many groups go in more than one piece", async () => {
    const made = world();
    for (let group = 0; group < 1050; group++)
      await made.ask(commit(made, { offset: 1, groupId: `group ${group}` }));
    await pass(made, hourMs);
    expect(await groupIds(made)).toEqual([]);
  });
});

describe("transactional ids", () => {
  test("are forgotten once nobody has used them for so long, but not with a transaction", async () => {
    const made = new CoordinatorWorld({ transactionConfig: { idExpirationMs: hourMs } });
    const known = async () => {
      const listed = await made.ask(made.transactions.list());
      return typeof listed === "number" ? [] : listed.map(({ transactionalId }) => transactionalId);
    };
    const request = { timeoutMs: 900_000_000, expected: undefined };
    const later = async (ms: number) => {
      await made.platform.advance(ms);
      await made.ask(made.transactions.expireIds());
    };
    const config = { timeoutMaxMs: 900_000_000, idExpirationMs: hourMs };
    const patient = new CoordinatorWorld({ transactionConfig: config });
    const open = await patient.ask(patient.transactions.initProducerId("open", request));
    const partitions = [{ topic: "output", partition: 0 }];
    const added = {
      ...open,
      transactionalId: "open",
      partitions,
      clientTransactionVersion: 2 as const,
    };
    expect(await patient.ask(patient.transactions.addPartitions(added))).toBe(0);
    await patient.platform.advance(2 * hourMs);
    await patient.ask(patient.transactions.expireIds());
    expect(await patient.ask(patient.transactions.list())).toHaveLength(1);
    const first = await made.ask(
      made.transactions.initProducerId("tx", { timeoutMs: 1000, expected: undefined }),
    );
    await later(hourMs - 1);
    expect(await known()).toEqual(["tx"]);
    await later(1);
    expect(await known()).toEqual([]);
    await made.restart();
    expect(await known()).toEqual([]);
    const again = await made.ask(
      made.transactions.initProducerId("tx", { timeoutMs: 1000, expected: undefined }),
    );
    expect(again.producerId).not.toBe(first.producerId);
  });
});

test("offsets are looked at in turns, however many there are", async () => {
  let looks = 0;
  const clock = { wallMs: () => 1000 + 0 * looks++, monotonicMs: () => 0 };
  const world = new CoordinatorWorld({ clock });
  world.topics.set("orders", 100);
  const offsets = Array.from({ length: 100 }, (_, partition) => ({
    topic: "orders",
    topicId: world.topics.topicId("orders") ?? "",
    partition,
    offset: 1,
    leaderEpoch: -1,
    metadata: "",
  }));
  for (let group = 0; group < 80; group++)
    await world.ask(
      world.groups.offsets.commit({
        groupId: `group-${group}`,
        memberId: "",
        generationId: -1,
        groupInstanceId: null,
        kind: "plain",
        knowsMemberEpochs: true,
        retentionTimeMs: -1,
        offsets,
      }),
    );
  looks = 0;
  const expiring = world.groups.offsets.expire();
  expect(looks).toBeLessThan(6000);
  await world.ask(expiring);
  expect(looks).toBe(8000);
});
