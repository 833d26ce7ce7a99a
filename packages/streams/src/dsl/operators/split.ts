import { isSynchronousFunction, shown } from "@millrace/model";

import { TopologyError } from "../../error/topology-error.ts";
import { checkName } from "../../plan/naming.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { requireSynchronous } from "../../processor/callback-result.ts";
import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import { CallbackRecord } from "../../processor/record-info.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { Predicate } from "./filter.ts";
import { passOn, statelessOperator } from "./stateless-operator.ts";

declare const isOtherwise: unique symbol;

/** See `otherwise`. */
export interface Otherwise {
  readonly [isOtherwise]: true;
}

/**
 * In `split`: the branch that takes what no other took (Kafka: `defaultBranch`).
 *
 * @example orders.split({ big: (order) => order.total > 1_000, rest: otherwise })
 */
export const otherwise: Otherwise = Object.freeze({}) as Otherwise;

type AnyPredicate = Predicate<unknown, unknown>;
export type Branches = ReadonlyMap<string, AnyPredicate | Otherwise>;

interface Branch {
  readonly child: string;
  /** Undefined: takes what no other took. */
  readonly predicate: AnyPredicate | undefined;
}

/** `KStream.split`. */
export function split(
  input: StreamNode,
  branches: Branches,
  { name }: NamedOptions = {},
): ReadonlyMap<string, StreamNode> {
  const { naming } = input.recorder;
  const splitter = naming.nodeOr(name, "KSTREAM-BRANCH-");
  const taken = branchesOf(branches, splitter);
  const plan = operatorPlan({
    name: splitter,
    lower: (topology, parents) => {
      const inOrder = [...taken.values()];
      topology.addProcessor({
        name: splitter,
        supplier: () => new SplitProcessor(inOrder),
        parents,
      });
    },
  });
  input.recorder.add([input.plan], plan);
  const at: StreamNode = { ...input, plan };
  return new Map(
    [...taken].map(([branch, { child }]) => {
      checkName(child);
      return [branch, statelessOperator(at, { prefix: child, name: child, process: passOn })];
    }),
  );
}

/** The branch that takes the rest comes last, wherever it was named. */
function branchesOf(branches: Branches, splitter: string): ReadonlyMap<string, Branch> {
  const found = new Map<string, Branch>();
  let rest: string | undefined;
  for (const [name, predicate] of branches) {
    if (predicate !== otherwise) {
      if (!isSynchronousFunction(predicate))
        throw new TopologyError(
          "INVALID_ARGUMENT",
          `split was given ${shown(predicate)} as its branch ${name}; give a synchronous function, (value, key) => true or false, or otherwise`,
        );
      found.set(name, { child: splitter + name, predicate: predicate as AnyPredicate });
      continue;
    }
    if (rest !== undefined)
      throw new TopologyError(
        "INVALID_ARGUMENT",
        `split was given otherwise twice, as ${rest} and ${name}; give it once`,
      );
    rest = name;
  }
  if (rest !== undefined) found.set(rest, { child: splitter + rest, predicate: undefined });
  return found;
}

/** The first branch whose predicate holds has the record; without one it is left out (Kafka: `KStreamBranch`). */
class SplitProcessor implements Processor {
  readonly #branches: readonly Branch[];
  #context: ProcessorContext | undefined;
  #info: CallbackRecord | undefined;

  constructor(branches: readonly Branch[]) {
    this.#branches = branches;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#info = new CallbackRecord(context);
  }

  process(record: StreamRecord): void {
    const info = this.#info?.of(record);
    if (info === undefined) return;
    for (const { child, predicate } of this.#branches) {
      const holds =
        predicate === undefined ||
        requireSynchronous(predicate(record.value, record.key, info), "split");
      if (!holds) continue;
      this.#context?.forward(record, child);
      break;
    }
    info.over();
  }
}
