import { InvariantError } from "@millrace/model";
import type { ConnectionHandler } from "./network.ts";

function refuse(): never {
  throw new InvariantError("PLATFORM-4", "a connection's handler was not set in its first turn");
}

/** Stands in a connection until its owner sets a handler. A close before that concerns nobody. */
export const unsetHandler: ConnectionHandler = {
  data: refuse,
  drained: () => {},
  closed: () => {},
};
