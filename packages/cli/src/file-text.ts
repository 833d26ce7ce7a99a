import { readFileSync } from "node:fs";

import { messageOf } from "@millrace/model";

import { CommandError } from "./command-error.ts";

/**
 * What a file holds.
 *
 * @param what the file is, for the message: `--tls-key`
 * @throws CommandError
 */
export function fileText(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = messageOf(error);
    throw new CommandError(`${what} ${file} cannot be read: ${reason}`);
  }
}
