import { nodePlatform } from "@millrace/platform/node";
import { rocksdbEngineProvider } from "./rocksdb-engine-provider.ts";

// A process for the kill test: writes the same number under twenty keys, batch by batch, and says which it wrote.
const engine = await rocksdbEngineProvider(nodePlatform()).open(process.argv[2]);
for (let batch = 1; batch < 1_000_000; batch++) {
  const value = new Uint8Array(4);
  new DataView(value.buffer).setInt32(0, batch);
  engine.write(
    Array.from({ length: 20 }, (_, index) => ({ key: Uint8Array.of(index + 1), value })),
  );
  if (batch % 50 === 0) {
    process.send?.(batch);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
