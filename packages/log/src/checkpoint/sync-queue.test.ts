import { describe, expect, it } from "vitest";
import { SyncQueue } from "./sync-queue.ts";

/** Work that ends when it is told to. */
class Works {
  readonly ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  running = 0;
  runningMax = 0;

  async begin(): Promise<void> {
    this.runningMax = Math.max(this.runningMax, ++this.running);
    try {
      await new Promise<void>((resolve, reject) => this.ends.push({ resolve, reject }));
    } finally {
      this.running--;
    }
  }
}

/** All that is due has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("SyncQueue", () => {
  it("lets all that come while one runs share the next", async () => {
    const works = new Works();
    const queue = new SyncQueue(() => works.begin());
    const all = [queue.sync(), queue.sync(), queue.sync()];
    works.ends[0].resolve();
    await settled();
    works.ends[1].resolve();
    await Promise.all(all);
    expect(works.ends).toHaveLength(2);
  });

  it("never runs two at once, also where one that waited comes again at once", async () => {
    const works = new Works();
    const queue = new SyncQueue(() => works.begin());
    const twice = queue.sync().then(() => queue.sync());
    const other = queue.sync();
    for (let index = 0; index < 3; index++) {
      works.ends[index]?.resolve();
      await settled();
    }
    await Promise.all([twice, other]);
    expect(works.runningMax).toBe(1);
  });

  it("tells a failure to those that waited for it, and to nobody later", async () => {
    const works = new Works();
    const queue = new SyncQueue(() => works.begin());
    const early = Promise.allSettled([queue.sync(), queue.sync()]);
    works.ends[0].reject(new Error("no space left on device"));
    expect((await early).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const later = Promise.allSettled([queue.sync(), queue.sync()]);
    works.ends[1].resolve();
    await settled();
    works.ends[2]?.resolve();
    expect((await later).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  });

  it("is idle once none runs and none waits", async () => {
    const works = new Works();
    const queue = new SyncQueue(() => works.begin());
    void Promise.allSettled([queue.sync(), queue.sync()]);
    let isIdle = false;
    const idle = queue.idle().then(() => (isIdle = true));
    works.ends[0].resolve();
    await settled();
    expect(isIdle).toBe(false);
    works.ends[1].reject(new Error("no space left on device"));
    await idle;
  });
});
