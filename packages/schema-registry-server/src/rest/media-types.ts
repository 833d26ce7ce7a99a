/** In the order of preference. */
const given = [
  "application/vnd.schemaregistry.v1+json",
  "application/vnd.schemaregistry+json",
  "application/json",
];
const taken = [...given, "application/octet-stream"];

/** Undefined: nothing that can be given is acceptable. */
export function acceptedType(accept: string | undefined): string | undefined {
  if (accept === undefined || accept.trim() === "") return given[0];
  const ranges = accept.split(",").map(rangeOf);
  const qualities = given.map((type) => ({ type, quality: qualityOf(type, ranges) }));
  const best = Math.max(...qualities.map(({ quality }) => quality));
  return best === 0 ? undefined : qualities.find(({ quality }) => quality === best)?.type;
}

export function isTakenType(contentType: string | undefined): boolean {
  const type = contentType?.split(";")[0].trim().toLowerCase() ?? "";
  return type === "" || taken.includes(type);
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function rangeOf(text: string): Range {
  const [type, ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((part) => part.startsWith("q="))?.slice(2);
  const number = Number(quality ?? 1);
  return { type, quality: Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : 1 };
}

/** The most specific range counts. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const fitting = [type, "application/*", "*/*"]
    .map((name) => ranges.find((range) => range.type === name))
    .find((range) => range !== undefined);
  return fitting?.quality ?? 0;
}
