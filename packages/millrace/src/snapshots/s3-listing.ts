/** A page of `ListObjectsV2`. */
export interface S3Listing {
  readonly keys: readonly string[];
  /** What lies deeper, once: each ends in the delimiter. */
  readonly prefixes: readonly string[];
  /** Undefined: it was the last page. */
  readonly next: string | undefined;
}

export function parseListing(xml: string): S3Listing {
  return {
    keys: [...xml.matchAll(/<Contents>.*?<Key>(.*?)<\/Key>/gs)].map(([, key]) => decoded(key)),
    prefixes: [...xml.matchAll(/<CommonPrefixes>\s*<Prefix>(.*?)<\/Prefix>/gs)].map(([, prefix]) =>
      decoded(prefix),
    ),
    next: /<IsTruncated>true</.test(xml) ? elementIn(xml, "NextContinuationToken") : undefined,
  };
}

/** Such as the code of an error; undefined: there is none of that name. */
export function elementIn(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(xml);
  return found === null ? undefined : decoded(found[1]);
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

function decoded(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const code = name[1] === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return String.fromCodePoint(code);
  });
}
