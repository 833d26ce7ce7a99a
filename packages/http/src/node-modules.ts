/** Node's modules for asking, on first use: loading them costs time and memory, and few programs need them. */
export const nodeModules = {
  http: () => process.getBuiltinModule("node:http"),
  https: () => process.getBuiltinModule("node:https"),
  http2: () => process.getBuiltinModule("node:http2"),
};
