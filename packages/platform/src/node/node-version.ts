import { BaseError } from "@millrace/model";

/** The least that has all that is used, as `engines` of the packages say. */
const least = [22, 18] as const;

/** This Node is too old. */
export class NodeVersionError extends BaseError<"NODE_TOO_OLD"> {}

/**
 * Modules of an older Node lack what the sources use; what would come of that, at some call, says nothing of it.
 *
 * @throws NodeVersionError
 */
export function requireNode(version: string): void {
  const [major, minor] = version.split(".").map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return;
  throw new NodeVersionError(
    "NODE_TOO_OLD",
    `Millrace needs Node ${least.join(".")} or newer, and this is Node ${version}; install a newer one, from https://nodejs.org or by your version manager`,
  );
}
