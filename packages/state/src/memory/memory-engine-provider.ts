import type { StoreEngineProvider } from "../contract/store-engine.ts";
import { MemoryEngine } from "./memory-engine.ts";

/**
 * Engines that live in memory and forget: every start restores all from the changelogs.
 *
 * @example const engines = memoryEngineProvider();
 */
export function memoryEngineProvider(): StoreEngineProvider {
  return { isPersistent: false, open: () => Promise.resolve(new MemoryEngine()) };
}
