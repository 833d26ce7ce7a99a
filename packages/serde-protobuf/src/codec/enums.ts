import type { EnumPlan } from "./message-plan.ts";

/** How constants of enums are held: by number, or by name, numbers without a name then staying numbers. */
export type EnumForm = "number" | "name";

export interface EnumCodec {
  /** What is absent. */
  readonly zero: number | string;
  has(number: number): boolean;
  read(number: number): number | string;
  /** Of a number or a name, whatever the form; undefined: it is neither, or would be unknown to who reads it. */
  numberOf(value: unknown): number | undefined;
}

export function enumCodec({ declaration, isClosed }: EnumPlan, form: EnumForm): EnumCodec {
  const numbers = new Map(declaration.constants.map(({ name, number }) => [name, number]));
  const names = new Map<number, string>();
  for (const { name, number } of declaration.constants) {
    if (!names.has(number)) names.set(number, name);
  }
  const read =
    form === "number"
      ? (number: number) => number
      : (number: number) => names.get(number) ?? number;
  return {
    // An open enum without a 0 is one that a registry took: absent is 0 all the same.
    zero: read(isClosed ? declaration.constants[0].number : 0),
    has: (number) => names.has(number),
    read,
    numberOf: (value) => {
      if (typeof value === "string") return numbers.get(value);
      if (typeof value !== "number" || (value | 0) !== value) return undefined;
      return isClosed && !names.has(value) ? undefined : value;
    },
  };
}
