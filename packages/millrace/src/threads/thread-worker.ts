import module from "node:module";

/* Entry of a stream loop's thread: modules are compiled once for all threads, as those of the broker's worker are. */
module.enableCompileCache?.(); // Deno has none
await import("./thread-loop-worker.ts");
