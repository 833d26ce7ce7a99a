import { failOn, Spec, whole } from "./function-values.ts";
import type { Json } from "./program.ts";
import { ArgumentError, show, type TypeName } from "./values.ts";

export interface Joiner {
  readonly type: TypeName;
  readonly of: (key: unknown, left: unknown, right: unknown) => unknown;
}

export function joiner(json: Json | undefined, left: TypeName, right: TypeName): Joiner {
  const f = new Spec(json);
  const made = (type: TypeName, of: Joiner["of"]): Joiner => ({ type, of });
  switch (f.name) {
    case "pair":
      return made("string", (_, l, r) => pair(l, r));
    case "keyed":
      return made("string", (k, l, r) => `${show(k)}:${pair(l, r)}`);
    case "swap":
      return made("string", (_, l, r) => pair(r, l));
    case "left":
      return made(left, (_, l) => l);
    case "right":
      return made(right, (_k, _l, r) => r);
    case "sum":
      return made("int64", (_, l, r) => BigInt.asIntN(64, amount(l) + amount(r)));
    case "nullIfLeft":
      return made("string", (_, l, r) => (show(l) === f.text(0) ? null : pair(l, r)));
    case "nullIfRight":
      return made("string", (_, l, r) => (show(r) === f.text(0) ? null : pair(l, r)));
    case "failOn":
      return made("string", (_, l, r) => failOn(f.text(0), l, pair(l, r)));
    case "null":
      return made("string", () => null);
    default:
      throw new ArgumentError(`unknown joiner ${JSON.stringify(json)}`);
  }
}

function pair(left: unknown, right: unknown): string {
  return `${show(left)}-${show(right)}`;
}

function amount(value: unknown): bigint {
  return value === null ? 0n : whole(value);
}
