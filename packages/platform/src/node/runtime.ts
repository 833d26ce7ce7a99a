/**
 * False on Deno and Bun, which have Node's modules, and not all that Node has in them: their sockets can neither be read
 * into memory that is given, nor handed from one object to another.
 */
export const isNode =
  process.versions["bun"] === undefined && process.versions["deno"] === undefined;

/** Ends a worker thread that has said all: its port is what keeps it. Those of Deno cannot be closed. */
export function endThread(port: { readonly close?: () => void }): void {
  if (port.close === undefined) process.exit();
  else port.close();
}
