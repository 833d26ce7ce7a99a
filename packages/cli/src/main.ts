#!/usr/bin/env node
import module from "node:module";

// Loading takes longer than most commands: it is compiled once, into Node's own cache.
module.enableCompileCache?.(); // Deno has none
const { runProcess } = await import("./run-process.ts");
await runProcess();
