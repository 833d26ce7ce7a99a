import type { StoreSpecification } from "@millrace/state";

import type { PlanRecorder } from "../../plan/plan.ts";
import { operatorPlan } from "../../plan/plan-node.ts";

/** `StreamsBuilder.addStateStore`: a step of the plan that makes no node. */
export function addStateStore(recorder: PlanRecorder, specification: StoreSpecification): void {
  const { name } = specification;
  recorder.addSource(
    operatorPlan({ name, lower: (topology) => topology.addStore(specification, []) }),
  );
}
