/** Which package may import which: the architecture, as a table. `docs/` tells it in words. */
export const packageLayers: Readonly<Record<string, readonly string[]>> = {
  platform: ["model"],
  model: [],
  protocol: ["model"],
  cluster: ["model"],
  serde: ["model"],
  state: ["model", "platform", "serde"],
  simulator: ["model", "platform"],
  log: ["model", "platform", "protocol"],
  client: ["model", "platform", "protocol", "cluster", "serde"],
  rocksdb: ["model", "platform", "state"],
  broker: ["model", "platform", "protocol", "log"],
  streams: ["model", "platform", "cluster", "state", "serde"],
  testing: ["model", "platform", "cluster", "state", "serde", "streams"],
  cli: ["model", "platform", "protocol", "client", "cluster", "log", "broker", "streams"],
  millrace: [
    "model",
    "platform",
    "protocol",
    "cluster",
    "client",
    "broker",
    "streams",
    "state",
    "serde",
    "rocksdb",
    "cli",
  ],
};

/** Packages that run in a browser: nothing of Node's, no `Buffer`. */
export const browserSafe: readonly string[] = [
  "model",
  "cluster",
  "serde",
  "state",
  "streams",
  "simulator",
  "testing",
  "client",
  "protocol",
];

/** Folders inside a package, lowest first: a folder imports from those before it and from itself. */
export const folderOrder: Readonly<Record<string, readonly string[]>> = {
  log: [
    "checkpoint",
    "index",
    "segment",
    "producer",
    "read",
    "upkeep",
    "append",
    "partition",
    "repair",
  ],
  broker: [
    "config",
    "coordinator",
    "metadata",
    "partition",
    "server",
    "fetch",
    "handlers",
    "worker",
  ],
  cli: ["flags", "terminal", "commands"],
  cluster: ["conformance"],
  client: ["connection", "metadata", "group", "admin", "consumer", "producer"],
  millrace: ["embedded", "engine"],
  platform: ["conformance", "memory", "node"],
  protocol: ["wire", "records", "compression", "schema", "definitions", "frames"],
  serde: [],
  simulator: ["world", "disk", "network", "process"],
  state: [
    "bytes",
    "sorted",
    "contract",
    "layers",
    "kinds",
    "memory",
    "file",
    "stores",
    "conformance",
  ],
  streams: ["error", "processor", "topology", "plan", "dsl", "task", "query", "runtime", "app"],
};

/** Types that name each other (decision 026): the one folder whose files may import one another in a circle. */
export const circleOfTypes = "packages/streams/src/dsl/types/";

/** Where a package may use what is otherwise `platform/src/node`'s alone, and why. */
export const worldExceptions: Readonly<Record<string, string>> = {
  "packages/platform/src/node/": "the real world",
  "packages/protocol/src/compression/": "zlib's synchronous calls are pure functions",
  "packages/broker/src/worker/": "a worker thread is no port: one Node-only entry",
  "packages/millrace/src/embedded/": "starts that worker",
  "packages/millrace/src/main.ts": "loads the command after its compile cache is on",
  "packages/millrace/src/restore-progress.ts": "draws on the terminal of the process",
  "packages/millrace/src/until-signalled.ts": "signals of the process",
  "packages/millrace/src/engine/": "loads the optional package of the native engine",
  "packages/rocksdb/src/binding/": "loads native code",
  "packages/cli/": "a program of Node's",
  "examples/": "programs of Node's",
};
