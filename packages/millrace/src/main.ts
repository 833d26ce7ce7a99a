#!/usr/bin/env node
import module from "node:module";

// Older ones can neither load the rest nor say why.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`millrace needs Node 22.18 or newer; this is ${process.version}\n`);
  process.exit(1);
}
// Loading takes longer than most commands: it is compiled once, into Node's own cache.
module.enableCompileCache?.(); // Deno has none
const { runProcess } = await import("@millrace/cli");
await runProcess({
  openEngines: async (platform) => {
    const { foundEngines } = await import("./engine/found-engines.ts");
    return foundEngines(platform);
  },
  openSnapshots: async (url, platform) => {
    const { openSnapshots } = await import("./snapshots/open-snapshots.ts");
    return openSnapshots(url, platform);
  },
});
