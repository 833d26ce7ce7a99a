import type { Serde, SerdeUse } from "./serde.ts";

type Duties = Pick<Serde<unknown>, "usesPlace" | "prepare">;

/** What a serde owes to those that it is made of: spread it into the one that wraps them. */
export function composedOf(...parts: readonly Duties[]): Duties {
  const preparing = [...new Set(parts)].filter(({ prepare }) => prepare !== undefined);
  return {
    ...(parts.some(({ usesPlace }) => usesPlace) && { usesPlace: true }),
    ...(preparing.length > 0 && {
      prepare: async (use: SerdeUse, signal: AbortSignal): Promise<void> => {
        await Promise.all(preparing.map((part) => part.prepare?.(use, signal)));
      },
    }),
  };
}
