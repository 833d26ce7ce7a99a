import { isGenerated, type PlacedStore, type PlacedTopic } from "./origins.ts";

/** How names are made of what an operator was given: the option, and what stands behind it. Longer ones come first. */
const forms: readonly (readonly [option: "name" | "store", suffixes: readonly string[]])[] = [
  ["name", ["-subscription-store", "-subscription-registration-topic"]],
  ["name", ["-subscription-response-topic", "-Buffer"]],
  ["name", ["-left-repartition", "-right-repartition", "-repartition"]],
  ["store", ["-outer-this-join-store", "-outer-other-join-store"]],
  ["store", ["-this-join-store", "-other-join-store"]],
  ["store", ["-left-shared-join-store", "-outer-shared-join-store"]],
  ["store", ["-waiting", "-candidates", "-deadlines"]],
];
/** Generated names that an option can give again; those of other operators have their number within. */
const givable = /^(?!.*-FK-JOIN-).*-(STATE-STORE|REPARTITION|TOTABLE)-[0-9]{10}$/;

interface GivenName {
  readonly option: "name" | "store";
  readonly text: string;
}

function givenName({ name, kind }: { readonly name: string; readonly kind?: string }): GivenName {
  if (kind === "suppression") return { option: "name", text: name.replace(/-store$/, "") };
  for (const [option, suffixes] of forms) {
    const suffix = suffixes.find((one) => name.endsWith(one));
    if (suffix !== undefined) return { option, text: name.slice(0, -suffix.length) };
  }
  return { option: "store", text: name };
}

/** How a store or topic gets the name again by which its content is found. */
export function oldName(old: PlacedStore | PlacedTopic, now: PlacedStore | PlacedTopic): string {
  const { option, text } = givenName(old);
  const isSuppressed = "kind" in old && old.kind === "suppression";
  if (isGenerated(text) && (isSuppressed || !givable.test(text)))
    return "leave the operator without a name, and put new ones behind the old ones, so that the numbers stay; name it when you next start over";
  return givenName(now).text === text
    ? "an operator of another kind cannot have it: let it begin empty, or keep the old operator"
    : `give it its old name: { ${option}: "${text}" }`;
}
