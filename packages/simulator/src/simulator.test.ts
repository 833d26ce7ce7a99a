import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { Connection, ConnectionHandler, Platform } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import { describe, expect, test } from "vitest";
import type { FaultKind } from "./world/fault-plan.ts";
import { ProcessKilledError } from "./world/process-killed-error.ts";
import { Simulator } from "./simulator.ts";

const allFaults: Partial<Record<FaultKind, number>> = {
  delay: 0.05,
  cut: 0.01,
  halfOpen: 0.01,
  refuse: 0.1,
  diskFull: 0.01,
  fsyncError: 0.02,
  slowFsync: 0.02,
  latentError: 0.01,
  crashAtStep: 0.02,
  kill: 0.01,
  powerLoss: 0.01,
  pause: 0.02,
  clockJump: 0.02,
  partition: 0.02,
};

function handlerOf(handler: Partial<ConnectionHandler>): ConnectionHandler {
  return { data: () => {}, drained: () => {}, closed: () => {}, ...handler };
}

/** Echoes, and keeps what it heard in a file. */
async function serve(platform: Platform): Promise<void> {
  const { fileSystem, network } = platform;
  await fileSystem.lock("lock");
  const file = fileSystem.open("heard", "openOrCreate");
  await network.listen({ host: "127.0.0.1", port: 9092 }, (connection) => {
    connection.handler = handlerOf({
      data: (chunk) => {
        try {
          file.write([chunk], file.sizeBytes());
          file.read(new Uint8Array(8), 0);
        } catch (error) {
          if (error instanceof ProcessKilledError) throw error;
        }
        platform.probe?.("C1");
        const answer = () => connection.write([chunk]);
        file.datasync().then(answer, () => connection.destroy());
      },
    });
  });
}

/** Sends numbers for ever, over a new connection whenever the old one breaks or falls silent. */
async function talk(platform: Platform): Promise<void> {
  const { network, timers, random } = platform;
  for (let count = 0; ; count++) {
    try {
      const connection = await network.connect({ host: "127.0.0.1", port: 9092 });
      await new Promise<void>((resolve) => {
        const timeout = timers.after(2_000, () => connection.destroy());
        connection.handler = handlerOf({
          data: () => connection.write([encodeUtf8("x".repeat(1 + random.below(700)))]),
          closed: () => {
            timeout.cancel();
            resolve();
          },
        });
        connection.write([encodeUtf8(String(count))]);
      });
    } catch {
      await timers.sleep(20);
    }
  }
}

const isVerify = process.env["MILLRACE_VERIFY"] === "1";

async function runWorld(seed: number): Promise<Simulator> {
  const simulator = new Simulator({ seed, drain: drainTurn, faults: allFaults });
  simulator.process("server", { start: serve });
  simulator.process("client-1", { start: talk });
  simulator.process("client-2", { start: talk });
  await simulator.advance(20_000);
  return simulator;
}

describe("determinism", () => {
  test("two runs of a seed give one trace hash, other seeds give others (SIMULATOR-1)", async () => {
    const hashes = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const first = await runWorld(seed);
      const second = await runWorld(seed);
      expect(second.traceLines(), `seed ${seed}`).toEqual(first.traceLines());
      expect(second.traceHash()).toBe(first.traceHash());
      expect(second.eventCount).toBe(first.eventCount);
      expect(first.eventCount).toBeGreaterThan(200);
      hashes.add(first.traceHash());
    }
    expect(hashes.size).toBe(3);
  });

  test("each kind of fault fires, and is counted", async () => {
    const kinds = new Set<FaultKind>();
    for (let seed = 10; seed < 18; seed++)
      for (const kind of (await runWorld(seed)).faults.keys()) kinds.add(kind);
    expect([...kinds].sort()).toEqual(Object.keys(allFaults).sort());
  });

  test("after heal all processes run, and the work goes on", async () => {
    const simulator = await runWorld(5);
    simulator.heal();
    const before = new Map(simulator.faults);
    await simulator.advance(isVerify ? 20_000 : 5_000);
    expect(new Map(simulator.faults)).toEqual(before);
    const client = simulator.process("checker").platform;
    const echoed = new Promise<string>((resolve, reject) => {
      client.network.connect({ host: "127.0.0.1", port: 9092 }).then((connection) => {
        connection.handler = handlerOf({ data: (chunk) => resolve(decodeUtf8(chunk)) });
        connection.write([encodeUtf8("x")]);
      }, reject);
    });
    expect(await simulator.until(echoed)).toBe("x");
  });
});

describe("life of a process", () => {
  test("killed, it does nothing more: timers, awaits, files, sockets, locks (SIMULATOR-2)", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const victim = simulator.process("victim");
    const { fileSystem, timers, network } = victim.platform;
    const events: string[] = [];
    const file = fileSystem.open("a", "create");
    await simulator.until(fileSystem.lock("lock", "mine"));
    await simulator.until(network.listen({ host: "127.0.0.1", port: 1 }, () => {}));
    timers.after(10, () => events.push("timer"));
    void timers.sleep(10).then(() => events.push("sleep"));
    void file.datasync().then(() => events.push("synced"));
    victim.kill();
    void timers.yield().then(() => events.push("yield"));
    expect(() => file.write([new Uint8Array(1)], 0)).toThrow(ProcessKilledError);
    expect(() => fileSystem.list("/")).toThrow(ProcessKilledError);
    expect(() => victim.platform.probe?.("C1")).toThrow(ProcessKilledError);
    await simulator.advance(100);
    expect(events).toEqual([]);
    const next = victim.restart();
    expect(next.fileSystem.readLockNote("lock")).toBeUndefined();
    await simulator.until(next.fileSystem.lock("lock"));
    const address = { host: "127.0.0.1", port: 1 };
    await simulator.until(next.network.listen(address, () => {}));
    expect(next.fileSystem.stat("a")?.sizeBytes).toBe(0);
  });

  test("a lock of a shared disk is free once its holder is dead", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const first = simulator.process("first", { disk: "shared" });
    const second = simulator.process("second", { disk: "shared" }).platform.fileSystem;
    await simulator.until(first.platform.fileSystem.lock("lock", "first"));
    expect(second.readLockNote("lock")).toBe("first");
    await expect(second.lock("lock")).rejects.toMatchObject({ code: "LOCKED" });
    first.kill();
    await second.lock("lock");
  });

  test("SIMULATOR-4, SIMULATOR-5: a name is taken once, and only a dead process is restarted", () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const one = simulator.process("one");
    expect(() => simulator.process("one")).toThrow("SIMULATOR-5");
    expect(() => one.restart()).toThrow("SIMULATOR-4");
    one.kill();
    expect(() => one.restart()).not.toThrow();
  });

  test("paused, it does nothing; resumed, it does all that came up, in order", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const process = simulator.process("main");
    const fired: string[] = [];
    const { timers, clock } = process.platform;
    timers.after(10, () => fired.push(`a@${clock.monotonicMs()}`));
    timers.after(20, () => fired.push(`b@${clock.monotonicMs()}`));
    const cancelled = timers.after(15, () => fired.push("cancelled"));
    process.pause();
    await simulator.advance(50);
    expect(fired).toEqual([]);
    cancelled.cancel();
    process.resume();
    await simulator.run();
    expect(fired).toEqual(["a@50", "b@50"]);
  });

  test("the wall clock jumps, the monotonic one does not", () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn, startWallMs: 1_000 });
    const process = simulator.process("main");
    process.jumpClock(-400);
    expect(process.platform.clock.wallMs()).toBe(600);
    expect(process.platform.clock.monotonicMs()).toBe(0);
  });

  test("SIMULATOR-6: a program that fails lets the simulation fail, unless it is supervised", async () => {
    const start = async (platform: Platform) => {
      await platform.timers.sleep(5);
      throw new Error("broken");
    };
    const strict = new Simulator({ seed: 1, drain: drainTurn });
    strict.process("main", { start });
    await expect(strict.advance(100)).rejects.toThrow("broken");
    const supervised = new Simulator({ seed: 1, drain: drainTurn });
    const process = supervised.process("main", { start, onFailure: "restart" });
    await supervised.advance(10_000);
    expect(process.startCount).toBeGreaterThan(3);
  });
});

test("a process dies at the n-th time that a crash step is reached, in the middle of its code", async () => {
  const simulator = new Simulator({ seed: 1, drain: drainTurn });
  const after: number[] = [];
  const start = async ({ probe, timers }: Platform) => {
    for (let count = 1; ; count++) {
      probe?.("C2");
      after.push(count);
      await timers.sleep(10);
    }
  };
  const process = simulator.process("main", { start });
  simulator.crashAt({ step: "C2", occurrence: 3, kind: "kill" });
  simulator.crashAt({ step: "C2", occurrence: 5, kind: "powerLoss", process: "main" });
  await simulator.advance(3_000);
  expect(after.slice(0, 5)).toEqual([1, 2, 1, 1, 2]);
  expect(process.startCount).toBe(3);
  expect(simulator.steps.get("C2")).toBe(after.length + 2);
});

describe("network between processes", () => {
  async function twoEnds(simulator: Simulator) {
    const server = simulator.process("server");
    const client = simulator.process("client");
    const closed: Record<string, string> = {};
    const heard: string[] = [];
    let far: Connection | undefined;
    const address = { host: "localhost", port: 5 };
    await server.platform.network.listen(address, (connection) => {
      far = connection;
      connection.handler = handlerOf({
        data: (chunk) => heard.push(decodeUtf8(chunk)),
        closed: (error) => (closed.server = error?.message ?? "orderly"),
      });
    });
    const near = await simulator.until(client.platform.network.connect(address));
    near.handler = handlerOf({
      closed: (error) => (closed.client = error?.message ?? "orderly"),
    });
    if (far === undefined) throw new Error("not accepted");
    return { server, client, near, far, closed, heard, address };
  }

  test("a cut is an error on both ends", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const { closed } = await twoEnds(simulator);
    simulator.cut("client", "server");
    await simulator.run();
    expect(closed).toEqual({
      client: "the peer broke the connection",
      server: "the peer broke the connection",
    });
  });

  test("half-open: one end sees an error, the other one nothing, and its writes stay", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn, faults: { halfOpen: 1 } });
    const { closed, near, heard } = await twoEnds(simulator);
    near.write([encodeUtf8("lost")]);
    await simulator.run();
    expect(Object.values(closed)).toEqual(["the peer broke the connection"]);
    expect(heard).toEqual([]);
  });

  test("a partition holds everything back, also connects, until it is mended", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const { client, near, heard, address } = await twoEnds(simulator);
    simulator.partition("server", "client");
    near.write([encodeUtf8("late")]);
    let isConnected = false;
    const connecting = client.platform.network.connect(address).then((connection) => {
      connection.handler = handlerOf({});
      isConnected = true;
    });
    await simulator.advance(10_000);
    expect([heard, isConnected]).toEqual([[], false]);
    simulator.mend("server", "client");
    await simulator.until(connecting);
    await simulator.run();
    expect(heard.join("")).toBe("late");
  });

  test("killed: the peer sees an orderly close; without power: nothing until the restart", async () => {
    const killed = new Simulator({ seed: 1, drain: drainTurn });
    const first = await twoEnds(killed);
    first.server.kill();
    await killed.run();
    expect(first.closed).toEqual({ client: "orderly" });
    const dark = new Simulator({ seed: 1, drain: drainTurn });
    const second = await twoEnds(dark);
    dark.powerLoss("server");
    await dark.advance(10_000);
    expect(second.closed).toEqual({});
    second.server.restart();
    await dark.run();
    expect(second.closed).toEqual({ client: "the peer broke the connection" });
  });

  test("SIMULATOR-7: bytes of one connection never overtake, whatever the delays", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const simulator = new Simulator({ seed, drain: drainTurn, faults: { delay: 0.3 } });
      const { near, heard } = await twoEnds(simulator);
      for (let count = 0; count < 50; count++) {
        near.write([encodeUtf8(`${count};`)]);
        await simulator.advance(1);
      }
      near.end();
      await simulator.run();
      const expected = Array.from({ length: 50 }, (_, count) => `${count};`).join("");
      expect(heard.join(""), `seed ${seed}`).toBe(expected);
    }
  });

  test("loopback stays within a host; other hosts are reached by name", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const server = simulator.process("server", { host: "alpha" }).platform.network;
    const client = simulator.process("client", { host: "beta" }).platform.network;
    await server.listen({ host: "0.0.0.0", port: 5 }, (connection) => {
      connection.handler = handlerOf({});
    });
    const codeOf = (host: string) =>
      simulator.until(client.connect({ host, port: 5 })).then(
        (connection) => connection.remoteAddress,
        (error: unknown) => error instanceof Error && "code" in error && error.code,
      );
    expect(await codeOf("127.0.0.1")).toBe("CONNECTION_REFUSED");
    expect(await codeOf("gamma")).toBe("UNKNOWN_HOST");
    expect(await codeOf("alpha")).toBe("alpha");
  });
});
