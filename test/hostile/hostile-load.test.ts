import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { encodeRequest } from "@millrace/protocol";
import { fetchApi, initProducerIdApi } from "@millrace/protocol/definitions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { BrokerUnderLoad } from "./broker-under-load.ts";
import { bombs, distinct, frameOf, repeated, topic } from "./hostile-requests.ts";
import { aboutRules, exploding } from "./hostile-rules.ts";

/*
 * Requests that cost the sender nothing, and a client beside them that only wants to work. Under `MILLRACE_VERIFY=1`
 * they are larger, and more.
 */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const frameSizes = isVerify ? [300_000, 800_000, 3_000_000] : [150_000];
const slowestMsMax = 1000;
/** A machine that is busy with other things gets another try. */
const limits = { timeout: 120_000, retry: 2 };
const peakBytesMax = 1024 ** 3;

let load: BrokerUnderLoad;
let client: TestClient;

async function start(): Promise<void> {
  load = await BrokerUnderLoad.start();
  client = await load.client();
  await client.createTopic(topic);
}

async function stop(): Promise<void> {
  const { peakBytes, longestTurnMs } = await load.figures();
  console.log(
    `peak memory of the broker: ${Math.round(peakBytes / 1024 ** 2)} MiB; ` +
      `longest turn: ${Math.round(longestTurnMs)} ms`,
  );
  client.connection.destroy();
  await load[Symbol.asyncDispose]();
}

beforeAll(async () => {
  await start();
  for (let index = 0; index < 8; index++) await client.createTopic(`bombs-${index}`, 8);
  await client.ask(initProducerIdApi, 5, {
    transactionalId: `${"a".repeat(200)}`,
    transactionTimeoutMs: 1000,
  });
  await client.produce(topic, ["a", "b"]);
});

afterAll(stop);

/** Resolves once the broker has answered, or has closed the connection. */
async function send(frame: Uint8Array): Promise<void> {
  const socket = await load.open("answers");
  const answered = Promise.race([once(socket, "data"), once(socket, "close")]);
  socket.write(frame);
  await answered;
  socket.destroy();
}

async function expectUndisturbed(troubles: () => Promise<unknown>): Promise<void> {
  const { slowestMs, callCount } = await load.slowestCallWhile(client, topic, troubles());
  console.log(
    `${expect.getState().currentTestName}: slowest of ${callCount} calls: ${Math.round(slowestMs)} ms`,
  );
  expect(slowestMs).toBeLessThan(slowestMsMax);
  expect((await load.figures()).peakBytes).toBeLessThan(peakBytesMax);
}

describe("one client is not kept waiting by a request of another", () => {
  const all = [...repeated, ...distinct, ...exploding, ...(isVerify ? aboutRules : [])];
  const requests = all.map((request) => ({ ...request, request }));

  test.each(requests)("$name", limits, async ({ request }) => {
    for (const sizeBytes of frameSizes) {
      const frame = frameOf(request, sizeBytes);
      await expectUndisturbed(() => Promise.all([send(frame), send(frame)]));
    }
  });

  test("batches that unpack to much more than they are", limits, async () => {
    const frame = bombs(isVerify ? 64 : 8);
    await expectUndisturbed(() => send(frame));
  });
});

test("connections that ask nothing keep nobody out", limits, async () => {
  const connectionCount = isVerify ? 10_000 : 1500; // a broker has 1000 places
  await expectUndisturbed(async () => {
    for (let begun = 0; begun < connectionCount; begun += 250)
      await Promise.all(Array.from({ length: 250 }, () => load.open("nothing")));
    await sleep(1100); // the silent ones are silent for long enough
    const late = await load.client();
    expect(await late.produce(topic, ["late"])).toMatchObject({ errorCode: 0 });
    late.connection.destroy();
  });
});

test("large requests that come a few bytes at a time take a bounded room", limits, async () => {
  const connectionCount = isVerify ? 60 : 10;
  const sentBytes = isVerify ? 20_000_000 : 2_000_000;
  const start = Buffer.alloc(4 + sentBytes);
  start.writeInt32BE(90_000_000);
  await expectUndisturbed(async () => {
    const sockets = [];
    for (let index = 0; index < connectionCount; index++) {
      const socket = await load.open("answers");
      socket.write(start);
      sockets.push(socket);
    }
    for (let second = 0; second < (isVerify ? 20 : 1); second++) {
      for (const socket of sockets) if (socket.writable) socket.write(Buffer.alloc(1));
      await sleep(1000);
    }
  });
});

test("answers that nobody takes stay few", limits, async () => {
  const values = Array.from({ length: 9 }, () => "x".repeat(100_000));
  for (let index = 0; index < 60; index++) await client.produce(topic, values);
  const request = {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 50_000_000,
    topics: [
      { topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 50_000_000 }] },
    ],
  };
  const frame = Buffer.concat(
    encodeRequest(fetchApi, { version: 12, correlationId: 1, clientId: "hostile" }, request),
  );
  const pipelined = Buffer.concat(Array.from({ length: 300 }, () => frame));
  const connectionCount = isVerify ? 200 : 20;
  await expectUndisturbed(async () => {
    for (let index = 0; index < connectionCount; index++)
      (await load.open("nothing")).write(pipelined);
    await sleep(isVerify ? 10_000 : 1200);
  });
});

const waitMs = isVerify ? 3000 : 1500;

/** A fetch that waits for more than there is, of partitions that have several megabytes each. */
function waitingFetch(name: string, partitionCount: number): Buffer {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
    partition,
    fetchOffset: 0,
    partitionMaxBytes: 4_000_000,
  }));
  const request = {
    maxWaitMs: waitMs,
    minBytes: 50_000_000,
    maxBytes: 50_000_000,
    topics: [{ topic: name, partitions }],
  };
  const header = { version: 12, correlationId: 1, clientId: "hostile" };
  return Buffer.concat(encodeRequest(fetchApi, header, request));
}

async function expectUndisturbedBy(frame: Buffer): Promise<void> {
  await expectUndisturbed(async () => {
    for (let index = 0; index < (isVerify ? 300 : 30); index++)
      (await load.open("nothing")).write(frame);
    await sleep(isVerify ? 10_000 : waitMs + 500);
  });
}

describe("fetches that wait", () => {
  // The memory of answers that nobody takes is not theirs.
  beforeAll(async () => {
    await stop();
    await start();
  });

  test("hold little, and end one after the other", limits, async () => {
    await client.createTopic("waited-for", 12);
    const values = ["x".repeat(900_000)];
    for (let partition = 0; partition < 12; partition++)
      for (let index = 0; index < 5; index++)
        await client.produce("waited-for", values, -1, partition);
    await expectUndisturbedBy(waitingFetch("waited-for", 12));
  });

  test("where others write look at what is written alone", limits, async () => {
    for (let index = 0; index < 4; index++) await client.produce(topic, ["x".repeat(900_000)]);
    await expectUndisturbedBy(waitingFetch(topic, 1));
  });
});
