import { flushCompileCache } from "node:module";

/* Node writes what it has compiled when a process ends; one that is killed has to do so before, once all is loaded. */
setTimeout(flushCompileCache, 1000).unref();
