import type { Serde, SerdeSource, SerdeUse } from "./serde.ts";

type Duties = Pick<Serde<unknown>, "usesPlace" | "prepare" | "source">;

/** What a serde owes to those that it is made of: spread it into the one that wraps them. */
export function composedOf(...parts: readonly Duties[]): Duties {
  const preparing = [...new Set(parts)].filter(({ prepare }) => prepare !== undefined);
  const sources = [...new Set(preparing.flatMap(({ source }) => source ?? []))];
  return {
    ...(parts.some(({ usesPlace }) => usesPlace) && { usesPlace: true }),
    ...(preparing.length > 0 && {
      prepare: async (use: SerdeUse, signal: AbortSignal): Promise<void> => {
        await Promise.all(preparing.map((part) => part.prepare?.(use, signal)));
      },
    }),
    ...(sources.length > 0 && { source: joined(sources) }),
  };
}

/** What is told is of the one that fails. */
function joined(sources: readonly SerdeSource[]): SerdeSource {
  if (sources.length === 1) return sources[0];
  const failing = (): SerdeSource | undefined =>
    sources.find(({ failure }) => failure !== undefined);
  return {
    get name(): string {
      return (failing() ?? sources[0]).name;
    },
    get failure(): Error | undefined {
      return failing()?.failure;
    },
  };
}
