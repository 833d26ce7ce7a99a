import { shown } from "@millrace/model";
import type { StoreSpecification } from "@millrace/state";

import { TopologyError } from "../../error/topology-error.ts";
import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan } from "../../plan/plan-node.ts";

/** `StreamsBuilder.addStateStore`: a step of the plan that makes no node. */
export function addStateStore(recorder: PlanRecorder, specification: StoreSpecification): void {
  if (!isSpecification(specification))
    throw new TopologyError(
      "INVALID_ARGUMENT",
      `addStateStore was given ${shown(specification)}; give a specification, such as keyValueStore({ … })`,
    );
  const { name } = specification;
  recorder.addSource(
    operatorPlan({ name, lower: (topology) => topology.addStore(specification, []) }),
  );
}

/** What `keyValueStore` and its like give. */
export function isSpecification(given: unknown): given is StoreSpecification {
  if (typeof given !== "object" || given === null) return false;
  const { kind, name } = given as Partial<StoreSpecification>;
  return typeof kind === "object" && kind !== null && typeof name === "string";
}
