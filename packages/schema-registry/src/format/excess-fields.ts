/**
 * Members of a value that its schema has no field for. What is written would be read without them, so they are errors,
 * but where a program wants them dropped. One that is undefined, or that the value inherits, is absent.
 */
import { choiceOption, nearestName } from "@millrace/model";

export type ExcessFields = "refuse" | "drop";

/** The option of all formats whose bytes hold no names. */
export const excessFieldsOption = choiceOption(["refuse", "drop"], { byDefault: "refuse" });

/** Up to here comparing with each name costs less than a look-up. */
const comparedMax = 16;

export interface ExcessFieldSource {
  /** An expression for an object. */
  readonly value: string;
  readonly names: readonly string[];
  /** An expression for a `Set` of the names. */
  readonly known: string;
  /** A statement that throws; `member` is the name. */
  readonly refuse: string;
}

/** The statement of a compiled serde that looks for one: of all ways to do so the one that costs least for each record. */
export function excessFieldSource({ value, names, known, refuse }: ExcessFieldSource): string {
  const check = `if (Object.hasOwn(${value}, member) && ${value}[member] !== undefined) ${refuse}`;
  const each = `for (const member in ${value})`;
  if (names.length > comparedMax) return `${each} if (!${known}.has(member)) { ${check} }`;
  const cases = names.map((name) => `case ${JSON.stringify(name)}: break;`);
  return `${each} switch (member) { ${cases.join(" ")} default: ${check} }`;
}

/** The first that there is. */
export function excessFieldOf(value: object, names: readonly string[]): string | undefined {
  const found = Object.entries(value).find(
    ([name, member]) => member !== undefined && !names.includes(name),
  );
  return found?.[0];
}

/** @param owner what has the fields, such as `the record shop.Order` */
export function excessFieldProblem(
  excess: string,
  owner: string,
  names: readonly string[],
): string {
  const nearest = nearestName(excess, names);
  const hint = nearest === undefined ? `${listed(names)}.` : `did you mean ${nearest}?`;
  const what = `${JSON.stringify(excess)}, which ${owner} does not: ${hint}`;
  return `${what} Leave it out, or give excessFields: "drop"`;
}

const listedMax = 12;

function listed(names: readonly string[]): string {
  if (names.length === 0) return "it has no fields";
  const first = names.slice(0, listedMax).join(", ");
  return `its fields are ${first}${names.length > listedMax ? ", …" : ""}`;
}
