import * as fc from "fast-check";
import { expect, test } from "vitest";
import { errorCode } from "../error-code.ts";
import { CoordinatorWorld } from "../../../test-support/coordinator-world.ts";

/*
 * Model test of the transaction coordinator with a TV2 producer. The model is the list of
 * transactions and what the client was told of each; markers, crashes, failing partitions and
 * timeouts go on beside it. In the end:
 *
 * - TXN-5: every partition of a transaction has exactly one marker, the same for all, and the one
 *   the client was told;
 * - TXN-6: no epoch is handed out twice, and an old one changes nothing;
 * - TXN-7: the log alone leads to the same state.
 */

type Result = "commit" | "abort";

interface ModelTransaction {
  readonly producerId: number;
  readonly epoch: number;
  readonly partitions: Set<number>;
  /** `unknown`: the answer was lost, either may have happened. */
  outcome: Result | "open" | "unknown";
}

interface Model {
  producer: { producerId: number; producerEpoch: number } | undefined;
  open: ModelTransaction | undefined;
  readonly transactions: ModelTransaction[];
  readonly epochs: Set<string>;
}

type Command = fc.AsyncCommand<Model, CoordinatorWorld>;
const timeoutMs = 30_000;

function command(
  label: string,
  run: (model: Model, world: CoordinatorWorld) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Command {
  return { toString: () => label, check, run };
}

const initialize = command("initialize", async (model, world) => {
  if (model.open !== undefined) close(model, "abort");
  const asked = await untilDone(world, () =>
    world.transactions.initProducerId("tx", { timeoutMs, expected: undefined }),
  );
  if (asked.errorCode === errorCode.concurrentTransactions) return;
  expect(asked.errorCode).toBe(0);
  adopt(model, asked);
});

function add(partition: number): Command {
  const run = async (model: Model, world: CoordinatorWorld) => {
    const { producer } = model;
    if (producer === undefined) return;
    const [code] = await untilDone(world, async () => {
      const codes = await world.transactions.verify({
        ...producer,
        transactionalId: "tx",
        partitions: [{ topic: "output", partition }],
        operation: "addPartition",
      });
      return Object.assign([codes[0]], { errorCode: codes[0] });
    });
    if (code !== 0) return;
    if (model.open === undefined) {
      const { producerId, producerEpoch: epoch } = producer;
      model.open = { producerId, epoch, partitions: new Set(), outcome: "open" };
      model.transactions.push(model.open);
    }
    model.open.partitions.add(partition);
  };
  return command(`add ${partition}`, run, ({ producer }) => producer !== undefined);
}

function end(result: Result): Command {
  const run = async (model: Model, world: CoordinatorWorld) => {
    const { producer, open } = model;
    if (producer === undefined) return;
    const answer = await untilDone(world, () => endTransaction(world, producer, result));
    if (open === undefined && result === "commit") {
      expect(answer.errorCode).not.toBe(0);
      return;
    }
    // Markers on their way that cannot be written: what the client asked for is not known yet.
    if (answer.errorCode === errorCode.concurrentTransactions) return;
    if (open?.outcome === "unknown" && answer.errorCode === 0) open.outcome = result;
    if (open?.outcome === "open") expect(answer.errorCode).toBe(0);
    if (answer.errorCode !== 0) return;
    close(model, result);
    adopt(model, answer);
  };
  return command(`end ${result}`, run, ({ producer }) => producer !== undefined);
}

/** Sends an EndTxn and dies; of what was not durable a prefix is found. */
function endAndCrash(result: Result, kept: number): Command {
  const run = async (model: Model, world: CoordinatorWorld) => {
    const { producer, open } = model;
    if (producer === undefined) return;
    void endTransaction(world, producer, result);
    await world.restart(kept);
    if (open?.outcome === "open") open.outcome = "unknown";
    model.producer = undefined;
    model.open = undefined;
  };
  return command(`end ${result}, crash with ${kept}`, run);
}

/** What a producer that was fenced long ago asks for is refused, or answered as it was then. */
function zombie(result: Result): Command {
  const run = async (model: Model, world: CoordinatorWorld) => {
    const ended = model.transactions.filter(({ outcome }) => outcome !== "open").at(-2);
    if (ended === undefined) return;
    const before = markerCount(world);
    const zombieProducer = { producerId: ended.producerId, producerEpoch: ended.epoch };
    const answer = await world.ask(endTransaction(world, zombieProducer, result));
    expect(answer.errorCode).not.toBe(0);
    expect(markerCount(world)).toBe(before);
  };
  return command(`zombie ends ${result}`, run);
}

function advance(durationMs: number): Command {
  const run = async (model: Model, world: CoordinatorWorld) => {
    await world.platform.advance(durationMs);
    if (durationMs < timeoutMs + 10_000 || model.open === undefined) return;
    if (model.open.outcome === "open") model.open.outcome = "abort";
    model.open = undefined;
    model.producer = undefined;
  };
  return command(`advance ${durationMs}`, run);
}

function crash(kept: number): Command {
  const run = async (_model: Model, world: CoordinatorWorld) => {
    await world.restart(kept);
  };
  return command(`crash with ${kept}`, run);
}

function fail(partition: number, isFailing: boolean): Command {
  const run = (_model: Model, world: CoordinatorWorld) => {
    if (isFailing) world.markers.failing.add(`output-${partition}`);
    else world.markers.failing.delete(`output-${partition}`);
    return Promise.resolve();
  };
  return command(`${isFailing ? "fail" : "heal"} ${partition}`, run);
}

const commands = fc.commands<Model, CoordinatorWorld, false>(
  [
    fc.constant(initialize),
    fc.constant(initialize),
    fc.nat(2).map(add),
    fc.nat(2).map(add),
    fc.constantFrom<Result[]>("commit", "abort").map(end),
    fc.constantFrom<Result[]>("commit", "abort").map(end),
    fc.constantFrom<Result[]>("commit", "abort").map(zombie),
    fc
      .tuple(fc.constantFrom<Result[]>("commit", "abort"), fc.nat(4))
      .map((how) => endAndCrash(...how)),
    fc.constantFrom(5, 100, 45_000).map(advance),
    fc.nat(4).map(crash),
    fc.tuple(fc.nat(2), fc.boolean()).map((how) => fail(...how)),
  ],
  { maxCommands: 60, size: "max" },
);

function check(isEndTransactionEpochAccepted?: () => boolean): Promise<void> {
  return fc.assert(
    fc.asyncProperty(commands, async (script) => {
      const world = new CoordinatorWorld({ syncMs: 3, isEndTransactionEpochAccepted });
      const model: Model = {
        producer: undefined,
        open: undefined,
        transactions: [],
        epochs: new Set(),
      };
      await fc.asyncModelRun(() => ({ model, real: world }), script);
      world.markers.failing.clear();
      await world.platform.advance(2_000);
      for (const transaction of model.transactions) checkMarkers(world, transaction);
      await checkReplay(world);
    }),
    { numRuns: 60 },
  );
}

test("a decision is carried out everywhere, once, and never changed", async () => {
  await check();
});

test("a coordinator that lets an old epoch end a transaction is found out", async () => {
  await expect(check(() => true)).rejects.toThrow(/Property failed/);
});

function checkMarkers(world: CoordinatorWorld, transaction: ModelTransaction): void {
  const results = new Set<string>();
  for (const partition of transaction.partitions) {
    const markers = (world.markers.written.get(`output-${partition}`) ?? []).filter(
      (marker) =>
        marker.producerId === transaction.producerId &&
        marker.producerEpoch === transaction.epoch + 1,
    );
    expect(markers.length).toBeLessThanOrEqual(1);
    results.add(markers[0]?.result ?? "open");
  }
  expect(results.size).toBeLessThanOrEqual(1);
  if (transaction.outcome !== "unknown" && transaction.partitions.size > 0)
    expect([...results]).toEqual([transaction.outcome]);
}

async function checkReplay(world: CoordinatorWorld): Promise<void> {
  const before = await world.ask(world.transactions.describe("tx"));
  await world.restart();
  const after = await world.ask(world.transactions.describe("tx"));
  if (typeof before === "number" || typeof after === "number") expect(after).toEqual(before);
  else expect({ ...after, lastProducerEpoch: -1 }).toEqual({ ...before, lastProducerEpoch: -1 });
}

function endTransaction(
  world: CoordinatorWorld,
  producer: { readonly producerId: number; readonly producerEpoch: number },
  result: Result,
) {
  return world.transactions.endTransaction({
    ...producer,
    transactionalId: "tx",
    result,
    clientTransactionVersion: 2,
  });
}

/** As a client does: CONCURRENT_TRANSACTIONS is asked again, a few times. */
async function untilDone<Answer extends { readonly errorCode: number }>(
  world: CoordinatorWorld,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await world.ask(ask());
    if (answer.errorCode !== errorCode.concurrentTransactions || attempt === 5) return answer;
    await world.platform.advance(20);
  }
}

function close(model: Model, outcome: Result): void {
  if (model.open?.outcome === "open") model.open.outcome = outcome;
  model.open = undefined;
}

function adopt(
  model: Model,
  producer: { readonly producerId: number; readonly producerEpoch: number },
) {
  const name = `${producer.producerId} ${producer.producerEpoch}`;
  expect(model.epochs.has(name)).toBe(false);
  model.epochs.add(name);
  model.producer = { producerId: producer.producerId, producerEpoch: producer.producerEpoch };
}

function markerCount(world: CoordinatorWorld): number {
  return [...world.markers.written.values()].flat().length;
}
