import type { Serde } from "./serde.ts";

type Writing<T> = Pick<Serde<T>, "sizeMax" | "writeTo" | "isLossless">;

/**
 * Adds writing in place, and that bytes may be kept. `{ ...serde, serialize }` leaves these behind, since that is how people
 * change a serde: what they give would never be called.
 */
export function inPlace<T>(
  serde: Serde<T>,
  { sizeMax, writeTo, isLossless }: Writing<T>,
): Serde<T> {
  if (isLossless === true) Object.defineProperty(serde, "isLossless", { value: true });
  if (sizeMax === undefined || writeTo === undefined) return Object.freeze(serde);
  return Object.freeze(
    Object.defineProperties(serde, { sizeMax: { value: sizeMax }, writeTo: { value: writeTo } }),
  );
}
