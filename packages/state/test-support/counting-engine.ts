import type { StoreEngine } from "../src/contract/store-engine.ts";
import { MemoryEngine } from "../src/memory/memory-engine.ts";

/** An engine like one on a disk, which tells how often it was asked. */
export class CountingEngine extends MemoryEngine implements StoreEngine {
  override readonly isPersistent = true;
  asked = 0;

  override get(key: Uint8Array): Uint8Array | null {
    this.asked++;
    return super.get(key);
  }
}
