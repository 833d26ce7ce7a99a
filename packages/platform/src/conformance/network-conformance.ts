import { concatBytes } from "@millrace/model";
import {
  check,
  checkEqual,
  failureCodeOf,
  type ConformanceCase,
} from "@millrace/model/conformance";
import type { Network } from "../network.ts";
import type { Timers } from "../platform.ts";
import { numbered, Recorder, until } from "./recorder.ts";

/** A network, and timers of the same world to wait with. */
export interface NetworkSubject {
  readonly network: Network;
  readonly timers: Timers;
}

async function connected({ network, timers }: NetworkSubject) {
  const accepted: Recorder[] = [];
  const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
    accepted.push(new Recorder(connection));
  });
  const near = new Recorder(await network.connect(listener.address));
  await until(timers, () => accepted.length === 1, "the connection is accepted");
  return { listener, near, far: accepted[0], accepted };
}

/** What every `Network` does. */
export const networkConformance: readonly ConformanceCase<NetworkSubject>[] = [
  {
    name: "bytes arrive whole and in order, both ways",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      const sent = numbered(1000);
      near.connection.write([sent.slice(0, 1), new Uint8Array(0), sent.slice(1, 400)]);
      near.connection.write([sent.slice(400)]);
      far.connection.write([sent.slice(0, 10)]);
      await until(subject.timers, () => far.byteCount === 1000, "all bytes");
      await until(subject.timers, () => near.byteCount === 10, "the answer");
      checkEqual([...concatBytes(...far.chunks)], [...sent], "bytes");
      check(near.connection.remoteAddress !== "", "the remote address is told");
      near.connection.destroy();
      await listener.close();
    },
  },
  {
    name: "the receiver may change its chunk, the sender keeps its bytes",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      const sent = numbered(100);
      near.connection.write([sent]);
      await until(subject.timers, () => far.byteCount === 100, "all bytes");
      checkEqual([...concatBytes(...far.chunks)], [...numbered(100)], "what was received");
      checkEqual([...sent], [...numbered(100)], "the sender's bytes");
      near.connection.destroy();
      await listener.close();
    },
  },
  {
    name: "the sender may change its parts once they are sent, which it is told once",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      const parts = Array.from({ length: 20 }, () => numbered(50_000));
      let sentCount = 0;
      near.connection.write(parts, () => {
        sentCount++;
        for (const part of parts) part.fill(0);
      });
      near.connection.write([numbered(1000)], () => sentCount++);
      await until(subject.timers, () => far.byteCount === 1_001_000, "all bytes");
      await until(subject.timers, () => sentCount === 2, "both are told");
      const received = concatBytes(...far.chunks);
      for (let at = 0; at < received.length; at += 50_000)
        check(received[at + 999] === numbered(1000)[999], "the bytes are those before the change");
      near.connection.destroy();
      await listener.close();
    },
  },
  {
    name: "end sends what is queued, then both see one orderly close",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      near.connection.write([numbered(100_000)]);
      near.connection.end();
      near.connection.end();
      near.connection.write([numbered(5)]);
      const { timers } = subject;
      await until(timers, () => near.closedCount + far.closedCount === 2, "both are closed");
      checkEqual(far.closedBehindBytes, 100_000, "bytes before the close");
      check(near.error === undefined && far.error === undefined, "no error");
      near.connection.destroy();
      await timers.sleep(5);
      checkEqual([near.closedCount, far.closedCount], [1, 1], "closed is called once");
      await listener.close();
    },
  },
  {
    name: "PLATFORM-6: destroy closes at once: closed is called, no data after it, writes do nothing",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      far.connection.write([numbered(10)]);
      near.connection.destroy();
      near.connection.destroy();
      near.connection.write([numbered(10)]);
      const { timers } = subject;
      await until(timers, () => near.closedCount === 1, "the near end is closed");
      await until(timers, () => far.closedCount === 1, "the far end is closed");
      check(near.error === undefined, "no error on the side that closed");
      checkEqual([near.byteCount, far.byteCount], [0, 0], "bytes");
      await listener.close();
    },
  },
  {
    name: "a paused receiver gets nothing, its sender is told to hold back, and goes on once drained",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      const { timers } = subject;
      far.connection.pause();
      const chunk = numbered(64 * 1024);
      let sentBytes = 0;
      let hasRoom = true;
      for (let count = 0; count < 1024 && hasRoom; count++) {
        hasRoom = near.connection.write([chunk]);
        sentBytes += chunk.length;
        if (hasRoom) await timers.yield();
      }
      check(!hasRoom, "write says false at last");
      check(near.connection.bufferedBytes > 0, "bytes are waiting");
      checkEqual([far.byteCount, near.drainedCount], [0, 0], "nothing comes through");
      far.connection.resume();
      await until(timers, () => far.byteCount === sentBytes, "all bytes");
      await until(timers, () => near.drainedCount === 1, "drained is called");
      check(near.connection.bufferedBytes === 0, "nothing waits");
      near.connection.end();
      await until(timers, () => far.closedCount === 1, "the far end is closed");
      await listener.close();
    },
  },
  {
    name: "end ends while the own side is paused and the peer goes on sending",
    run: async (subject) => {
      const { listener, near, far } = await connected(subject);
      near.connection.pause();
      far.connection.write([numbered(300_000)]);
      near.connection.write([numbered(3)]);
      near.connection.end();
      const { timers } = subject;
      await until(timers, () => near.closedCount + far.closedCount === 2, "both are closed");
      checkEqual([near.byteCount, far.byteCount], [0, 3], "bytes");
      await listener.close();
    },
  },
  {
    name: "a port has one listener; closed, it refuses, and its connections stay",
    run: async (subject) => {
      const { network, timers } = subject;
      const { listener, near, far } = await connected(subject);
      check(listener.address.port > 0, "the port is told");
      const second = await failureCodeOf(() => network.listen(listener.address, () => {}));
      checkEqual(second, "ADDRESS_IN_USE", "a second listener");
      await listener.close();
      await listener.close();
      const refused = await failureCodeOf(() => network.connect(listener.address));
      checkEqual(refused, "CONNECTION_REFUSED", "connect after close");
      near.connection.write([numbered(4)]);
      await until(timers, () => far.byteCount === 4, "the connection lives");
      const again = await network.listen(listener.address, () => {});
      await again.close();
      far.connection.destroy();
      await until(timers, () => near.closedCount === 1, "the near end is closed");
    },
  },
  {
    name: "connect with an aborted signal rejects with its reason",
    run: async ({ network }) => {
      const reason = Object.assign(new Error("enough"), { code: "ENOUGH" });
      const signal = AbortSignal.abort(reason);
      const code = await failureCodeOf(() =>
        network.connect({ host: "127.0.0.1", port: 9 }, signal),
      );
      checkEqual(code, "ENOUGH", "the reason");
      const controller = new AbortController();
      const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
        connection.destroy();
      });
      const late = failureCodeOf(() => network.connect(listener.address, controller.signal));
      controller.abort(reason);
      checkEqual(await late, "ENOUGH", "the reason, while it connects");
      await listener.close();
    },
  },
];
