import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { connect, EmbeddedCluster } from "millrace";
import { expect, test } from "vitest";

import type { AskingReader } from "./asking-reader.ts";
import type { Followed } from "./follow-changes.ts";
import { keyAt, partitionCount, tableAt, writtenAtMs } from "./written-records.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const kills = Number(process.env["MILLRACE_KILLS"] ?? 20);
const program = join(import.meta.dirname, "killed-application.ts");

type Told =
  | { readonly kind: "runs" }
  | { readonly kind: "failed"; readonly cause: string }
  | ({ readonly kind: "asked" } & AskingReader["told"])
  | ({ readonly kind: "followed" } & Followed);

/** A process, with the last word of each kind that it has told. */
class Instance {
  readonly told: { [Kind in Told["kind"]]?: Extract<Told, { readonly kind: Kind }> } = {};
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #isKilled = false;
  #f: number | undefined;

  constructor(...words: readonly string[]) {
    this.#child = fork(program, words, { execArgv: [] });
    this.#child.on("message", (told: Told) => Object.assign(this.told, { [told.kind]: told }));
    this.exited = new Promise((resolve) => this.#child.once("exit", () => resolve()));
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** @throws what the process has failed with */
  check(): void {
    const { failed } = this.told;
    if (failed !== undefined && (this.#f ??= performance.now()) < performance.now() - 6000)
      throw new Error(failed.cause);
    if (!this.#isKilled && this.#child.exitCode !== null) throw new Error("a process has ended");
  }
}

/** Writes round after round, by a rule that all processes know. */
class Writer {
  readonly #client: ReturnType<typeof connect>;
  #isEnding = false;
  rounds = 0;

  constructor(bootstrapServers: string) {
    this.#client = connect({ bootstrapServers });
  }

  async run(): Promise<void> {
    const producer = this.#client.producer({ linger: 0 });
    while (!this.#isEnding) {
      const sent = Array.from({ length: partitionCount }, (_, partition) => {
        const key = keyAt(partition, this.rounds);
        const value = String(this.rounds);
        return [
          producer.send({ topic: "words", key, value, timestamp: writtenAtMs }),
          producer.send({ topic: "prices", key, value, timestamp: writtenAtMs + this.rounds }),
        ];
      });
      await Promise.all(sent.flat());
      this.rounds += 1;
      await sleep(20);
    }
    await producer.close();
    await this.#client.close();
  }

  end(): void {
    this.#isEnding = true;
  }
}

test.runIf(isVerify)(
  `while ${kills} processes are killed, each answer is the table at its position, and each change comes once`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-killed-queries-"));
    const cluster = await EmbeddedCluster.start({
      data: join(folder, "broker"),
      topics: { words: partitionCount, prices: partitionCount },
      config: {
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 100,
        // Records are of a day long ago, and none may go before it was counted.
        "log.retention.ms": -1,
      },
    });
    const { bootstrapServers } = cluster;
    const start = (name: string, role: string): Instance =>
      new Instance(bootstrapServers, join(folder, name), role);
    const writer = new Writer(bootstrapServers);
    const writing = writer.run();
    const reader = start("reader", "asks");
    const follower = start("follower", "follows");
    const mortal = ["a", "b", "c"].map((name) => start(name, "dies"));
    const until = async (what: string, isSo: () => boolean): Promise<void> => {
      const endMs = performance.now() + 120_000;
      while (!isSo()) {
        for (const one of [reader, follower, ...mortal]) one.check();
        if (performance.now() > endMs) throw new Error(`${what} took longer than two minutes`);
        await sleep(20);
      }
    };
    try {
      await until("the start", () => mortal.every(({ told }) => told.runs !== undefined));
      for (let kill = 0; kill < kills; kill++) {
        const index = kill % mortal.length;
        await sleep(((kill * 7919) % 10) * 100);
        await mortal[index].kill();
        // One that is back at once, and one that others must take over from.
        if (kill % 2 === 1) await sleep(5_000);
        mortal[index] = start(["a", "b", "c"][index], "dies");
        const turns = reader.told.asked?.turns ?? 0;
        const changes = follower.told.followed?.changes ?? 0;
        await until(`what kill ${kill} interrupted`, () => {
          const { asked } = reader.told;
          const { followed } = follower.told;
          const isHere = mortal[index].told.runs !== undefined;
          return isHere && (asked?.turns ?? 0) > turns + 1 && (followed?.changes ?? 0) > changes;
        });
      }
      writer.end();
      await writing;
      const end = writer.rounds - 1;
      const position = Object.fromEntries(
        Array.from({ length: partitionCount }, (_, partition) => [partition, end]),
      );
      const table = Object.fromEntries(
        Array.from({ length: partitionCount }, (_, partition) =>
          tableAt({ words: position }, "words", partition),
        ).flat(),
      );
      await until("the last change", () => {
        const { seen = {} } = follower.told.followed ?? {};
        return Object.entries(table).every(([key, count]) => (seen[key] ?? 0) >= count);
      });
      expect(follower.told.followed?.seen).toEqual(table);
      await until("the last answer", () => {
        const { reached } = reader.told.asked ?? {};
        return Object.values(reached?.["words"] ?? {}).every((offset) => offset === end);
      });
      const { answers, byCopies, turns, longestMs } = reader.told.asked ?? {};
      const { changes } = follower.told.followed ?? {};
      console.log(
        JSON.stringify({
          kills,
          records: 2 * partitionCount * writer.rounds,
          answers,
          byCopies,
          turns,
          longestMs,
          changes,
        }),
      );
    } finally {
      writer.end();
      await writing;
      await Promise.all([reader, follower, ...mortal].map((one) => one.kill()));
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  900_000,
);
