#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Loading takes longer than most commands: it is compiled once, into Node's own cache.
enableCompileCache();
const { runProcess } = await import("@millrace/cli");
await runProcess();
