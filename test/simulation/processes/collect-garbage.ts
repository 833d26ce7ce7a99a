import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Nothing is written to them, so they take no memory; but V8 counts them, and begins to collect. */
const pressureBytes = 128 * 2 ** 20;

/** What a collection that had begun before does not see is left to the next one. With 1,000 MiB V8 uses force itself. */
const asksMax = 6;

const registry = new FinalizationRegistry((whenCollected: () => void) => whenCollected());

/**
 * Makes V8 collect all garbage as it does of its own accord, which mostly succeeds. The shapes of objects that are dead
 * for a moment stay so; a collection by force drops them, and with them all code that was compiled for them.
 */
export async function provokeCollection(): Promise<void> {
  const collected = new Promise<true>((resolve) => registry.register({}, () => resolve(true)));
  for (let ask = 1; ask <= asksMax; ask++) {
    void new ArrayBuffer(pressureBytes);
    if (await Promise.race([collected, sleep(2 ** (ask + 2), false)])) break;
  }
}

export function forceCollection(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)(); // there since the flag is set
}
