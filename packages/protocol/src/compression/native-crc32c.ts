import { createRequire } from "node:module";
import type { NativeCrc32c } from "../wire/crc32c.ts";

/** "123456789", and its CRC-32C. */
const checked = Uint8Array.of(49, 50, 51, 52, 53, 54, 55, 56, 57);
const checkValue = 0xe306_9283;

/** Of `@node-rs/crc32`, which is optional; undefined where it is not installed, or has no binary for the machine. */
export function loadNativeCrc32c(
  load: (name: string) => unknown = createRequire(import.meta.url),
): NativeCrc32c | undefined {
  let loaded: { readonly crc32c?: NativeCrc32c };
  try {
    // What is asked of it is checked below.
    loaded = load("@node-rs/crc32") as typeof loaded;
  } catch {
    // Whatever is wrong with it: our own code does the same.
    return undefined;
  }
  return loaded.crc32c?.(checked, 0) === checkValue ? loaded.crc32c : undefined;
}
