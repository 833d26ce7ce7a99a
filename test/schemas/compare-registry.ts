import type { FactAnswer, FactCase } from "./facts.ts";

interface Step {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly response: unknown;
  readonly kinds?: readonly string[];
  readonly quirk?: string;
}

interface TopicRecord {
  readonly key: unknown;
  readonly value: unknown;
}

/** The same status and members of every answer, the same records in the topic with the keys' members in their order. */
export function registryDiffers(recorded: FactCase, answer: FactAnswer): readonly string[] {
  const wanted = recorded["steps"] as readonly Step[];
  const found = (answer["steps"] ?? []) as readonly Step[];
  const steps = wanted.flatMap((step, index) => {
    const difference = step.quirk === undefined ? stepDiffers(step, found[index]) : undefined;
    return difference === undefined
      ? []
      : [`step ${index} ${step.method} ${step.path}: ${difference}`];
  });
  return [...steps, ...topicDiffers(recorded["topic"], answer["topic"])];
}

function stepDiffers(wanted: Step, found: Step | undefined): string | undefined {
  const told = JSON.stringify(found?.response);
  if (found?.status !== wanted.status) return `${wanted.status}, got ${found?.status} ${told}`;
  const inOrder = isOrderFree(wanted.path) ? sorted : (list: unknown) => list;
  const where = missingAt(inOrder(wanted.response ?? null), inOrder(found.response), "");
  if (where !== undefined)
    return `differs at ${where}: ${JSON.stringify(wanted.response)}, got ${told}`;
  const unnamed = wanted.kinds?.find((kind) => !told.includes(kind));
  return unnamed === undefined ? undefined : `does not name ${unnamed}: ${told}`;
}

function isOrderFree(path: string): boolean {
  return /^\/schemas\/(?:types$|ids\/[^/]+\/(?:subjects|versions)(?:\?|$))/.test(path);
}

function sorted(list: unknown): unknown {
  return Array.isArray(list) ? [...(list as unknown[])].sort(byJson) : list;
}

function byJson(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

function topicDiffers(wanted: unknown, found: unknown): readonly string[] {
  if (!Array.isArray(wanted)) return [];
  const records = (found ?? []) as readonly TopicRecord[];
  const keys = (list: readonly TopicRecord[]): string =>
    list.map(({ key }) => JSON.stringify(key)).join("\n");
  if (keys(wanted as TopicRecord[]) !== keys(records))
    return [`topic has other keys:\n${keys(wanted as TopicRecord[])}\ngot\n${keys(records)}`];
  const where = missingAt(wanted, records, "");
  return where === undefined ? [] : [`topic differs at ${where}`];
}

/** Where the answer lacks what was recorded; further members are free, and so are texts written as `<text>`. */
function missingAt(wanted: unknown, found: unknown, path: string): string | undefined {
  if (typeof wanted === "string" && /^<[a-z ]+>$/.test(wanted))
    return found === undefined || found === null ? path : undefined;
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return path || "/";
    return first(wanted.map((one, index) => missingAt(one, found[index], `${path}/${index}`)));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof found !== "object" || found === null || Array.isArray(found)) return path || "/";
    const members = found as Readonly<Record<string, unknown>>;
    const named = Object.entries(wanted).filter(
      ([name]) => name !== "message" && name !== "messages",
    );
    return first(named.map(([name, one]) => missingAt(one, members[name], `${path}/${name}`)));
  }
  const isText = typeof wanted === "string" && path.endsWith("/schema");
  if (isText && typeof found === "string" && squeezed(wanted) === squeezed(found)) return undefined;
  return wanted === (found ?? null) || wanted === found ? undefined : path || "/";
}

function first(places: readonly (string | undefined)[]): string | undefined {
  return places.find((place) => place !== undefined);
}

/** The layout of a Protobuf schema is free. */
function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, "");
}
