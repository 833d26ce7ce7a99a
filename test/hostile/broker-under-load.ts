import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

import type { NetworkAddress } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";

export interface Figures {
  readonly peakBytes: number;
  readonly longestTurnMs: number;
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

/** Works on while others trouble the broker, one call after the other; gives the slowest. */
export async function slowestCallWhile(
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
    const answer = await calls[callCount++ % calls.length]();
    if (answer === undefined) throw new Error("the broker closed the connection");
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  await done;
  return { slowestMs, callCount };
}
