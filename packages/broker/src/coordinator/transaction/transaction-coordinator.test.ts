import { describe, expect, test } from "vitest";
import { errorCode } from "../error-code.ts";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";
import { commit, committed, commitRequest } from "../../../test-support/group-member-script.ts";

const partition = { topic: "output", partition: 0 };

async function initialize(world: CoordinatorWorld, timeoutMs = 60_000) {
  for (;;) {
    const request = { timeoutMs, expected: undefined };
    const answer = await world.ask(world.transactions.initProducerId("tx", request));
    if (answer.errorCode !== errorCode.concurrentTransactions) return answer;
    await world.platform.advance(20);
  }
}

function add(world: CoordinatorWorld, producer: { producerId: number; producerEpoch: number }) {
  return world.ask(
    world.transactions.addPartitions({
      ...producer,
      transactionalId: "tx",
      partitions: [partition],
      clientTransactionVersion: 0,
    }),
  );
}

function end(
  world: CoordinatorWorld,
  producer: { producerId: number; producerEpoch: number },
  change: { result?: "commit" | "abort"; version?: 0 | 2 } = {},
) {
  return world.ask(
    world.transactions.endTransaction({
      ...producer,
      transactionalId: "tx",
      result: change.result ?? "commit",
      clientTransactionVersion: change.version ?? 2,
    }),
  );
}

/** A producer at the last epoch of its id. */
async function usedUp() {
  const world = new CoordinatorWorld({ transactionConfig: { producerEpochMax: 3 } });
  const { producerId } = await initialize(world);
  await initialize(world);
  const producer = await initialize(world);
  expect(producer).toEqual({ errorCode: 0, producerId, producerEpoch: 2 });
  return { world, producer };
}

function results(world: CoordinatorWorld): readonly string[] {
  return (world.markers.written.get("output-0") ?? []).map(
    ({ result, producerEpoch }) => `${result} ${producerEpoch}`,
  );
}

async function status(world: CoordinatorWorld): Promise<string | number> {
  const found = await world.ask(world.transactions.describe("tx"));
  return typeof found === "number" ? found : found.status;
}

describe("a transaction", () => {
  test("in TV2 is committed under the next epoch, which the producer goes on with", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    const answer = await end(world, producer);
    expect(answer).toEqual({ errorCode: 0, producerId: producer.producerId, producerEpoch: 1 });
    expect(results(world)).toEqual(["commit 1"]);
    expect(await status(world)).toBe("CompleteCommit");
  });

  test("in TV1 keeps its epoch, and the answer names no producer", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    const answer = await end(world, producer, { result: "abort", version: 0 });
    expect(answer).toEqual({ errorCode: 0, producerId: -1, producerEpoch: -1 });
    expect(results(world)).toEqual(["abort 0"]);
  });

  test("that has ended so already answers a retry as it did the first time", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    const first = await end(world, producer);
    expect(await end(world, producer)).toEqual(first);
    expect(await end(world, producer, { result: "abort" })).toMatchObject({
      errorCode: errorCode.invalidTransactionState,
    });
    expect(results(world)).toEqual(["commit 1"]);
  });

  test("is acknowledged before its markers, and the next one waits for them", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    world.markers.failing.add("output-0");
    const next = await end(world, producer);
    expect(next.errorCode).toBe(0);
    expect(await add(world, next)).toBe(errorCode.concurrentTransactions);
    world.markers.failing.clear();
    await world.platform.advance(200);
    expect(await add(world, next)).toBe(0);
  });

  test("left open is aborted after its timeout, and its owner fenced", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world, 30_000);
    await add(world, producer);
    await world.platform.advance(29_000);
    expect(await status(world)).toBe("Ongoing");
    await world.platform.advance(12_000);
    expect(results(world)).toEqual(["abort 1"]);
    expect(await end(world, producer)).toMatchObject({
      errorCode: errorCode.invalidTransactionState,
    });
    expect(await end(world, producer, { version: 0 })).toMatchObject({
      errorCode: errorCode.producerFenced,
    });
  });

  test("left open by a crash is aborted by whoever initializes the id next", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    await world.restart();
    const next = await initialize(world);
    expect(next.producerEpoch).toBe(2);
    expect(results(world)).toEqual(["abort 1"]);
    expect(await add(world, producer)).toBe(errorCode.producerFenced);
  });

  test("of a producer that has used up its epochs goes on under a new id", async () => {
    const { world, producer } = await usedUp();
    await add(world, producer);
    const next = await end(world, producer);
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 0 });
    expect(next.producerId).not.toBe(producer.producerId);
    expect(results(world)).toEqual(["commit 3"]);
    expect(await end(world, producer)).toEqual(next);
  });

  test.each([0, 2] as const)(
    "whose markers are on their way tells every EndTxn of version %i to come again",
    async (version) => {
      const world = new CoordinatorWorld();
      const producer = await initialize(world);
      await add(world, producer);
      world.markers.failing.add("output-0");
      const answer = await end(world, producer, { version });
      const next = version === 2 ? answer : producer;
      const again = { errorCode: errorCode.concurrentTransactions };
      expect(await end(world, next, { version })).toMatchObject(again);
      expect(await end(world, next, { version, result: "abort" })).toMatchObject(again);
      expect(await end(world, producer, { version })).toMatchObject(again);
      world.markers.failing.clear();
      await world.platform.advance(200);
      expect(await add(world, next)).toBe(0);
      expect(await end(world, next, { version, result: "abort" })).toMatchObject({ errorCode: 0 });
    },
  );

  test("whose markers are on their way tells a producer under its next id to come again", async () => {
    const { world, producer } = await usedUp();
    await add(world, producer);
    world.markers.failing.add("output-0");
    const next = await end(world, producer);
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 0 });
    const again = errorCode.concurrentTransactions;
    const recover = () =>
      world.ask(world.transactions.initProducerId("tx", { timeoutMs: 60_000, expected: next }));
    expect(await add(world, next)).toBe(again);
    expect(await end(world, next, { result: "abort" })).toMatchObject({ errorCode: again });
    expect(await end(world, producer)).toMatchObject({ errorCode: again });
    expect(await recover()).toMatchObject({ errorCode: again });
    world.markers.failing.clear();
    await world.platform.advance(200);
    expect(await end(world, producer)).toEqual(next);
    expect(await add(world, next)).toBe(0);
    expect(await end(world, next)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
    expect(await recover()).toMatchObject({
      errorCode: 0,
      producerId: next.producerId,
      producerEpoch: 1,
    });
  });
});

describe("a crash", () => {
  test("before PREPARE is durable leaves the transaction open: C13", async () => {
    const world = new CoordinatorWorld({ syncMs: 10 });
    const producer = await initialize(world);
    await add(world, producer);
    const unanswered = world.transactions.endTransaction({
      ...producer,
      transactionalId: "tx",
      result: "commit",
      clientTransactionVersion: 2,
    });
    await world.restart();
    expect(world.probed).toContain("C13");
    expect(await status(world)).toBe("Ongoing");
    expect(results(world)).toEqual([]);
    void unanswered;
  });

  test("after PREPARE and before the markers commits all the same: C14", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await add(world, producer);
    world.markers.failing.add("output-0");
    await end(world, producer);
    await world.restart();
    world.markers.failing.clear();
    await world.platform.advance(200);
    expect(world.probed).toContain("C14");
    expect(results(world)).toEqual(["commit 1"]);
    expect(await status(world)).toBe("CompleteCommit");
  });

  test("after the markers and before COMPLETE writes no marker twice: C15", async () => {
    const world = new CoordinatorWorld({ syncMs: 10 });
    const producer = await initialize(world);
    await add(world, producer);
    await end(world, producer);
    expect(world.probed).toContain("C15");
    expect(results(world)).toEqual(["commit 1"]);
    await world.restart();
    await world.platform.advance(200);
    expect(results(world)).toEqual(["commit 1"]);
    expect(await status(world)).toBe("CompleteCommit");
  });

  test("between the bump of an epoch and its answer fences the old one: C16", async () => {
    const world = new CoordinatorWorld({ syncMs: 10 });
    const producer = await initialize(world);
    void world.transactions.initProducerId("tx", { timeoutMs: 60_000, expected: undefined });
    await Promise.resolve();
    await world.restart(1);
    expect(world.probed).toContain("C16");
    expect(await add(world, producer)).toBe(errorCode.producerFenced);
    expect(await initialize(world)).toMatchObject({ producerEpoch: 2 });
  });
});

describe("offsets in a transaction", () => {
  async function commitIn(
    world: CoordinatorWorld,
    producer: { producerId: number; producerEpoch: number },
    offset: number,
  ) {
    const transaction = { ...producer, transactionalId: "tx", operation: "addPartition" } as const;
    return world.ask(
      world.groups.offsets.commitInTransaction(
        commitRequest({ kind: "transactional", offset }),
        transaction,
      ),
    );
  }

  test("count from the commit on; meanwhile they are unstable", async () => {
    const world = new CoordinatorWorld();
    await world.ask(commit(world, { offset: 1 }));
    const producer = await initialize(world);
    expect(await commitIn(world, producer, 7)).toEqual([0]);
    expect(await world.ask(committed(world))).toBe(1);
    expect(await world.ask(committed(world, { requireStable: true }))).toBe("error 88");
    await end(world, producer);
    expect(await world.ask(committed(world, { requireStable: true }))).toBe(7);
  });

  test("are gone once it is aborted, also after a restart", async () => {
    const world = new CoordinatorWorld();
    await world.ask(commit(world, { offset: 1 }));
    const producer = await initialize(world);
    await commitIn(world, producer, 7);
    await world.restart();
    expect(await world.ask(committed(world, { requireStable: true }))).toBe("error 88");
    await end(world, producer, { result: "abort" });
    expect(await world.ask(committed(world, { requireStable: true }))).toBe(1);
  });

  test("do not win over a plain commit that came after them", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await commitIn(world, producer, 7);
    await world.ask(commit(world, { offset: 9 }));
    await end(world, producer);
    expect(await world.ask(committed(world))).toBe(9);
    await world.restart();
    expect(await world.ask(committed(world))).toBe(9);
  });

  test("are refused from a fenced producer", async () => {
    const world = new CoordinatorWorld();
    const producer = await initialize(world);
    await initialize(world);
    expect(await commitIn(world, producer, 7)).toBe(errorCode.invalidProducerEpoch);
    expect(await world.ask(committed(world))).toBe(-1);
  });
});

test("a producer's partitions are verified as the version of its client understands", async () => {
  const world = new CoordinatorWorld();
  const producer = await initialize(world);
  await add(world, producer);
  const verify = (operation: "genericError" | "defaultError" | "addPartition", index: number) =>
    world.ask(
      world.transactions.verify({
        ...producer,
        transactionalId: "tx",
        operation,
        partitions: [{ topic: "output", partition: index }],
      }),
    );
  expect(await verify("genericError", 0)).toEqual([0]);
  expect(await verify("genericError", 1)).toEqual([errorCode.transactionAbortable]);
  expect(await verify("defaultError", 1)).toEqual([errorCode.invalidTransactionState]);
  expect(await verify("addPartition", 1)).toEqual([0]);
  expect(await verify("genericError", 1)).toEqual([0]);
});

test("an old epoch that is let through ends the transaction after it", async () => {
  const world = new CoordinatorWorld({ isEndTransactionEpochAccepted: () => true });
  const old = await initialize(world);
  await add(world, old);
  const next = await end(world, old);
  await add(world, next);
  await end(world, old, { result: "abort" });
  expect(results(world)).toEqual(["commit 1", "abort 2"]);
});
