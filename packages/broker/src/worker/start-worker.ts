import module from "node:module";

/*
 * Entry of the broker's worker thread. Loading the broker's modules takes longer than starting the broker, so that
 * they are compiled once for all starts: into Node's own cache (`NODE_COMPILE_CACHE`, else a folder for temporary
 * files; `NODE_DISABLE_COMPILE_CACHE=1` turns it off). It covers what is loaded after this call only: the import
 * must be a late one.
 */
module.enableCompileCache?.(); // Deno has none
await import("./broker-worker.ts");
