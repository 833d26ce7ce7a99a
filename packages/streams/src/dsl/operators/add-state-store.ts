import type { StoreSpecification } from "@millrace/state";

import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan } from "../../plan/plan-node.ts";
import { requireSpecification } from "../../topology/store-handle.ts";

/** `StreamsBuilder.addStateStore`: a step of the plan that makes no node. */
export function addStateStore(recorder: PlanRecorder, given: StoreSpecification): void {
  const specification = requireSpecification(given, "addStateStore");
  const { name } = specification;
  recorder.addSource(
    operatorPlan({ name, lower: (topology) => topology.addStore(specification, []) }),
  );
}
