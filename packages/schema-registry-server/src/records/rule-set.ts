import { RegistryError } from "../registry-error.ts";
import {
  flagMember,
  objectsMember,
  sortedByName,
  textMember,
  textSetMember,
  textsMember,
  type JsonObject,
} from "./json-members.ts";

/** What is to be done with values of a schema (Confluent: `RuleSet`): kept here, applied by clients. */
export interface RuleSet {
  readonly migrationRules?: readonly Rule[];
  readonly domainRules?: readonly Rule[];
  readonly encodingRules?: readonly Rule[];
  readonly enableAt?: string;
}

export interface Rule {
  readonly name?: string;
  readonly doc?: string;
  readonly kind: string;
  readonly mode: string;
  readonly type?: string;
  readonly tags?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
  readonly expr?: string;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly disabled: boolean;
}

export const rulePhases = ["migrationRules", "domainRules", "encodingRules"] as const;
const migrationModes = ["UPGRADE", "DOWNGRADE", "UPDOWN"];
const valueModes = ["WRITE", "READ", "WRITEREAD"];
const kinds = ["TRANSFORM", "CONDITION"];

/** @throws RegistryError `BAD_REQUEST` for what has another shape */
export function readRuleSet(given: JsonObject): RuleSet {
  const enableAt = textMember(given, "enableAt");
  const phases = rulePhases.map((phase) => [phase, objectsMember(given, phase) ?? []] as const);
  const rules = phases.filter(([, list]) => list.length > 0);
  return {
    ...Object.fromEntries(rules.map(([phase, list]) => [phase, list.map(readRule)])),
    ...(enableAt === undefined ? {} : { enableAt }),
  };
}

function readRule(given: JsonObject): Rule {
  const tags = textSetMember(given, "tags") ?? [];
  const params = textsMember(given, "params") ?? {};
  const texts = ["name", "doc", "type", "expr", "onSuccess", "onFailure"].flatMap((name) => {
    const text = textMember(given, name);
    return text === undefined ? [] : [[name, text] as const];
  });
  return {
    ...Object.fromEntries(texts),
    kind: oneOf(textMember(given, "kind") ?? "TRANSFORM", kinds, "kind"),
    mode: oneOf(
      textMember(given, "mode") ?? "WRITEREAD",
      [...migrationModes, ...valueModes],
      "mode",
    ),
    ...(tags.length > 0 ? { tags } : {}),
    ...(Object.keys(params).length > 0 ? { params: sortedByName(params) } : {}),
    disabled: flagMember(given, "disabled") ?? false,
  };
}

function oneOf(text: string, allowed: readonly string[], name: string): string {
  if (allowed.includes(text)) return text;
  throw new RegistryError("BAD_REQUEST", `${name} of a rule must be ${allowed.join(", ")}`);
}

/** @throws RegistryError `INVALID_RULE_SET` */
export function checkRuleSet(ruleSet: RuleSet): void {
  const names = new Set<string>();
  for (const phase of rulePhases) {
    const modes = phase === "migrationRules" ? migrationModes : valueModes;
    for (const rule of ruleSet[phase] ?? []) {
      const { name = "", mode } = rule;
      const wrong = names.has(name) ? "its name is used twice" : wrongOf(rule);
      if (wrong !== undefined) throw invalid(name, wrong);
      if (!modes.includes(mode)) throw invalid(name, `${phase} can only be ${modes.join(", ")}`);
      names.add(name);
    }
  }
}

function wrongOf({
  name = "",
  type,
  mode,
  onSuccess = "",
  onFailure = "",
}: Rule): string | undefined {
  if (!/^[\p{L}_][\p{L}\p{Nd}_-]{0,255}$/u.test(name))
    return "a name is a letter or _, then letters, digits, _ and -, at most 256 of them";
  if (type === undefined) return "it has no type";
  const isPair = mode === "WRITEREAD" || mode === "UPDOWN";
  if (!isPair && `${onSuccess}${onFailure}`.includes(","))
    return "two actions are for WRITEREAD and UPDOWN alone";
  return undefined;
}

function invalid(name: string, why: string): RegistryError {
  return new RegistryError("INVALID_RULE_SET", `rule ${JSON.stringify(name)}: ${why}`);
}

/** The later one's rules replace those of the same name. */
export function mergeRuleSets(
  earlier: RuleSet | undefined,
  later: RuleSet | undefined,
): RuleSet | undefined {
  if (earlier === undefined || later === undefined) return later ?? earlier;
  const merged = rulePhases.flatMap((phase) => {
    const own = later[phase] ?? [];
    const names = new Set(own.map(({ name }) => name));
    const rules = [...(earlier[phase] ?? []).filter(({ name }) => !names.has(name)), ...own];
    return rules.length === 0 ? [] : [[phase, rules] as const];
  });
  const enableAt = later.enableAt ?? earlier.enableAt;
  return { ...Object.fromEntries(merged), ...(enableAt === undefined ? {} : { enableAt }) };
}

export function hasRuleOfType(ruleSet: RuleSet | undefined, type: string): boolean {
  return rulePhases.some((phase) => ruleSet?.[phase]?.some((rule) => rule.type === type));
}
