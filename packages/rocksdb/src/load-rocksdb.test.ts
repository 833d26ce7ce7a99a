import type { FileSystem } from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { loadRocksdb } from "./index.ts";

/** A machine whose processor tells that of itself. */
function machineWith(text: string): { readonly fileSystem: FileSystem } {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectory("/proc");
  const file = fileSystem.open("/proc/cpuinfo", "create");
  file.write([new TextEncoder().encode(text)], 0);
  file.close();
  return { fileSystem };
}

test("where the processor lacks what the binary was made for it is refused, not run", () => {
  const old = machineWith("processor\t: 0\nflags\t\t: fpu sse2 avx avx512f\nbugs\t\t:\n");
  expect(() => loadRocksdb(old)).toThrow(
    expect.objectContaining({
      code: "STORE_ENGINE_UNAVAILABLE",
      cause: expect.objectContaining({ message: "the processor has no AVX2" }),
    }),
  );
});

test.each(["flags\t\t: fpu avx avx2 bmi2\n", "Features\t: fp asimd\n", ""])(
  "it is loaded where it fits: %j",
  (text) => {
    expect(loadRocksdb(machineWith(text))).toBe(loadRocksdb(nodePlatform()));
  },
);
