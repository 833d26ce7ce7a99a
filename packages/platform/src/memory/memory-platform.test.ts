import { describe, expect, test } from "vitest";
import {
  fileSystemConformance,
  networkConformance,
  slowTlsConformance,
  tlsConformance,
} from "../conformance/index.ts";
import { nodePlatform } from "../node/index.ts";
import { EventQueue } from "./event-queue.ts";
import { memoryPlatform } from "./memory-platform.ts";
import { standInCertificates } from "./stand-in-certificates.ts";

describe("the memory file system", () => {
  for (const law of fileSystemConformance) {
    test(law.name, async () => {
      const { fileSystem } = memoryPlatform();
      fileSystem.makeDirectory("/data");
      await law.run({ fileSystem, directory: "/data" });
    });
  }
});

describe("the memory network in virtual time", () => {
  for (const law of networkConformance) {
    test(law.name, async () => {
      const platform = memoryPlatform();
      await platform.until(law.run(platform));
    });
  }
});

describe("TLS over the memory network", () => {
  for (const law of [...tlsConformance, ...slowTlsConformance]) {
    test(law.name, async () => {
      const platform = memoryPlatform();
      await platform.until(law.run({ ...platform, certificates: standInCertificates }));
    });
  }
});

describe("the memory network in real time", () => {
  const { clock, timers } = nodePlatform();
  for (const law of networkConformance)
    test(law.name, () => law.run(memoryPlatform({ clock, timers })));
});

describe("virtual time", () => {
  test("timers fire in order of their times, equal ones in order of their making", async () => {
    const { timers, clock, run } = memoryPlatform();
    const fired: string[] = [];
    timers.after(20, () => fired.push(`b@${clock.monotonicMs()}`));
    timers.after(10, () => fired.push(`a@${clock.monotonicMs()}`));
    timers.after(20, () => fired.push(`c@${clock.monotonicMs()}`));
    timers.after(15, () => fired.push("never")).cancel();
    await run();
    expect(fired).toEqual(["a@10", "b@20", "c@20"]);
  });

  test("advance stops where it was told, between timers too", async () => {
    const platform = memoryPlatform({ startWallMs: 1_000 });
    let hasFired = false;
    platform.timers.after(10.5, () => {
      hasFired = true;
    });
    await platform.advance(10);
    expect([hasFired, platform.clock.monotonicMs(), platform.clock.wallMs()]).toEqual([
      false,
      10,
      1_010,
    ]);
    await platform.advance(1);
    expect(hasFired).toBe(true);
  });

  test("until tells when nothing can settle the work", async () => {
    const platform = memoryPlatform();
    await expect(platform.until(new Promise(() => {}))).rejects.toMatchObject({ code: "STALLED" });
    expect(await platform.until(platform.timers.sleep(5).then(() => "slept"))).toBe("slept");
  });
});

test("the event queue sorts, whatever is cancelled in between", () => {
  const queue = new EventQueue<undefined>();
  const times = Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 5_003);
  const events = times.map((time) => queue.add(time, undefined, () => {}));
  events.forEach((event, index) => index % 3 !== 0 && queue.cancel(event));
  const expected = times.filter((_, index) => index % 3 === 0).sort((a, b) => a - b);
  expect(queue.size).toBe(expected.length);
  const taken: number[] = [];
  for (let next = queue.take(); next !== undefined; next = queue.take())
    taken.push(next.event.timeMs);
  expect(taken).toEqual(expected);
  expect(queue.size).toBe(0);
});
