import type { Serde } from "./serde.ts";

type Writing<T> = Pick<Serde<T>, "sizeMax" | "writeTo">;

/**
 * Adds writing in place. `{ ...serde, serialize }` leaves it behind, since that is how people change a serde: what they give
 * would never be called.
 */
export function inPlace<T>(serde: Serde<T>, { sizeMax, writeTo }: Writing<T>): Serde<T> {
  if (sizeMax === undefined || writeTo === undefined) return Object.freeze(serde);
  return Object.freeze(
    Object.defineProperties(serde, { sizeMax: { value: sizeMax }, writeTo: { value: writeTo } }),
  );
}
