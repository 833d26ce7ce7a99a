import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nodeTimers } from "../src/node/node-timers.ts";

/** Whether anybody holds in memory what it refers to. */
export async function isHeld(reference: WeakRef<object>): Promise<boolean> {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void; // there since the flag is set
  for (let look = 1; look <= 5; look++) {
    await nodeTimers.sleep(look); // a turn holds what it has looked at
    collectGarbage();
    if (reference.deref() === undefined) return false;
  }
  return true;
}
