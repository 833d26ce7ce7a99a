import { SchemaError, type CompatibilityPolicy } from "@millrace/schema-registry";

import type { ReferenceNode, SchemaNode } from "../schema/schema-node.ts";
import { compareNodes } from "./compare-nodes.ts";
import { isAllowed } from "./difference-kinds.ts";
import { found, type Comparing, type Found } from "./found.ts";

/** How many pairs of schemas, or of names and patterns, are compared, and how many differences told, before two schemas are refused. */
const pairsMax = 200_000;
const foundMax = 10_000;
const nestingMax = 300;

type Pairs = Map<SchemaNode, Map<SchemaNode, readonly Found[]>>;

/**
 * What a reader of `update` finds that was written for `original` (Confluent: `SchemaDiff`). A pair is compared once.
 * Within itself it is taken for compatible; where it then turns out not to be, all is compared again with that known,
 * until nothing new is found.
 * @throws SchemaError where the two are too entangled to compare within a bound
 */
export function compareSchemas(
  original: SchemaNode,
  update: SchemaNode,
  policy: CompatibilityPolicy,
): readonly Found[] {
  const budget = { pairs: pairsMax };
  let known: Pairs = new Map();
  let count = 0;
  for (;;) {
    const pass = new Pass(policy, known, budget);
    const all = pass.compare(original, update);
    const refused = pass.refused();
    const refusedCount = [...refused.values()].reduce((sum, pairs) => sum + pairs.size, 0);
    if (!pass.hasGuessed || refusedCount === count) return all;
    known = refused;
    count = refusedCount;
  }
}

class Pass implements Comparing {
  /** Whether a pair was taken for compatible within itself. */
  hasGuessed = false;
  readonly #policy: CompatibilityPolicy;
  readonly #refusedBefore: Pairs;
  readonly #budget: { pairs: number };
  readonly #done: Pairs = new Map();
  /** Pairs that are under way; the outermost first. */
  readonly #open = new Map<SchemaNode, Set<SchemaNode>>();
  #depth = 0;

  constructor(policy: CompatibilityPolicy, refusedBefore: Pairs, budget: { pairs: number }) {
    this.#policy = policy;
    this.#refusedBefore = refusedBefore;
    this.#budget = budget;
  }

  compare(original: SchemaNode | undefined, update: SchemaNode | undefined): readonly Found[] {
    if (original === undefined && update === undefined) return [];
    if (original === undefined) return found("SCHEMA_ADDED");
    if (update === undefined) return found("SCHEMA_REMOVED");
    return this.#pair(named(original), named(update));
  }

  allows(all: readonly Found[]): boolean {
    return all.every(({ kind }) => isAllowed(kind, this.#policy));
  }

  /** The pairs that the policy does not let pass. */
  refused(): Pairs {
    const refused: Pairs = new Map();
    for (const [original, updates] of this.#done) {
      const pairs = [...updates].filter(([, all]) => !this.allows(all));
      if (pairs.length > 0) refused.set(original, new Map(pairs));
    }
    return refused;
  }

  #pair(original: SchemaNode, update: SchemaNode): readonly Found[] {
    const known = this.#done.get(original)?.get(update);
    if (known !== undefined) return known;
    const open = this.#open.get(original) ?? new Set();
    this.#open.set(original, open);
    if (open.has(update)) {
      const before = this.#refusedBefore.get(original)?.get(update);
      if (before === undefined) this.hasGuessed = true;
      return before ?? [];
    }
    this.#requireBounds();
    open.add(update);
    this.#depth += 1;
    const all = compareNodes(this, original, update);
    this.#depth -= 1;
    open.delete(update);
    if (all.length > foundMax) throw entangled(`more than ${foundMax} differences`);
    const done = this.#done.get(original) ?? new Map<SchemaNode, readonly Found[]>();
    this.#done.set(original, done.set(update, all));
    return all;
  }

  count(): void {
    this.#budget.pairs -= 1;
    if (this.#budget.pairs < 0) throw entangled(`more than ${pairsMax} pairs to compare`);
  }

  #requireBounds(): void {
    this.count();
    if (this.#depth >= nestingMax) throw entangled(`schemas nested deeper than ${nestingMax}`);
  }
}

/** What a reference stands for; of references in a circle, one of them. */
function named(node: SchemaNode): SchemaNode {
  let at = node;
  // Goes half as fast, and so is caught up with in every circle, wherever on the way it begins.
  let behind = node;
  for (let steps = 1; at.kind === "reference" && at.target !== undefined; steps++) {
    at = at.target;
    if (at === behind) return at;
    if (steps % 2 === 0) behind = (behind as ReferenceNode).target as SchemaNode;
  }
  return at;
}

function entangled(by: string): SchemaError {
  return new SchemaError(
    "INVALID_SCHEMA",
    `the two JSON schemas cannot be compared within a bound: there are ${by}; write them with fewer references and combinations`,
  );
}
