import { ClusterError } from "@millrace/cluster";

import { kind, listOf, textOf, type ArgumentCheck } from "../arguments.ts";

// What arguments of several concepts of the admin are made of.

export const flag: ArgumentCheck = kind("true or false", (given) => typeof given === "boolean");
export const name = textOf("a text that is not empty");
export const names = listOf(name, "names");
export const principal = textOf("a principal, such as User:ann");

/** What is wrong with it is told, and never what it is. */
export const secret: ArgumentCheck = (what, given) => {
  const isText = typeof given === "string" && given !== "";
  if (!isText)
    throw new ClusterError("INVALID_ARGUMENT", `${what} is none; give a text that is not empty`);
};
