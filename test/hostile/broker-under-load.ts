import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { NetworkAddress } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import { threadTimes, type ThreadTimes } from "../crash/core-time.ts";

/** Between two calls: what keeps a client waiting for long keeps the next call waiting, too. */
const pauseMs = 5;

export interface Figures {
  readonly peakBytes: number;
  readonly longestTurnMs: number;
}

interface CoreTimes {
  readonly broker: ThreadTimes;
  readonly client: ThreadTimes;
}

/** A broker in its own process, those who trouble it, and one client that only wants to work. */
export class BrokerUnderLoad implements AsyncDisposable {
  readonly address: NetworkAddress;
  readonly #child: ChildProcess;
  readonly #sockets: Socket[] = [];

  private constructor(child: ChildProcess, address: NetworkAddress) {
    this.#child = child;
    this.address = address;
  }

  static async start(): Promise<BrokerUnderLoad> {
    const child = fork(new URL("broker-process.ts", import.meta.url), { execArgv: [] });
    const [address] = (await once(child, "message")) as [NetworkAddress];
    return new BrokerUnderLoad(child, address);
  }

  client(): Promise<TestClient> {
    return TestClient.connect(nodePlatform(), this.address);
  }

  /** A connection on which bytes are sent and answers thrown away, or never taken. */
  async open(takes: "answers" | "nothing"): Promise<Socket> {
    const socket = connect(this.address.port, this.address.host);
    this.#sockets.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    if (takes === "answers") socket.resume();
    else socket.pause();
    return socket;
  }

  /**
   * Works on while others trouble the broker, one call after the other; gives the slowest. The moments in which either of
   * them was ready to run, and other programs had the cores, are not counted: those trouble nobody on a machine of one's own.
   */
  async slowestCallWhile(
    client: TestClient,
    topic: string,
    troubles: Promise<unknown>,
  ): Promise<{ readonly slowestMs: number; readonly callCount: number }> {
    const calls = [
      () => client.produce(topic, ["a"]),
      () => client.fetch(topic, 0),
      () => client.endOffset(topic),
    ];
    const over = new AbortController();
    const done = troubles.finally(() => over.abort());
    let slowestMs = 0;
    let callCount = 0;
    while (!over.signal.aborted || callCount < calls.length) {
      const startMs = performance.now();
      const before = this.#coreTimes();
      const answer = await calls[callCount++ % calls.length]();
      if (answer === undefined) throw new Error("the broker closed the connection");
      const passedMs = performance.now() - startMs;
      slowestMs = Math.max(slowestMs, ownMs(passedMs, before, this.#coreTimes()));
      await sleep(pauseMs);
    }
    await done;
    return { slowestMs, callCount };
  }

  /** Of the threads on which the broker and this client work. */
  #coreTimes(): CoreTimes {
    const none: ThreadTimes = { ranMs: 0, waitedMs: 0 };
    if (process.platform !== "linux") return { broker: none, client: none };
    return { broker: threadTimes(`/proc/${this.#child.pid}`), client: threadTimes("/proc/self") };
  }

  async figures(): Promise<Figures> {
    this.#child.send("figures");
    const [figures] = (await once(this.#child, "message")) as [Figures];
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#child.disconnect();
    await once(this.#child, "exit");
  }
}

/** What the broker computed counts in full. */
function ownMs(passedMs: number, before: CoreTimes, after: CoreTimes): number {
  const waitedMs =
    after.broker.waitedMs - before.broker.waitedMs + after.client.waitedMs - before.client.waitedMs;
  return Math.max(after.broker.ranMs - before.broker.ranMs, passedMs - waitedMs);
}
