import { callPlace } from "../error/place-of-call.ts";
import type { PlanNode } from "./plan-node.ts";
import { Naming } from "./naming.ts";

/** A program as it was written: its edges in the order in which they were made. */
export interface Plan {
  /** `parent` undefined: a source. */
  readonly edges: readonly PlanEdge[];
  /** As errors tell them, with the place. */
  readonly generatedResources: readonly string[];
}

export interface PlanEdge {
  readonly parent: PlanNode | undefined;
  readonly child: PlanNode;
  /** Where the program made the child. */
  readonly place: string | undefined;
}

/** What the streams and tables of one builder share: the names, and the plan as it grows. */
export class PlanRecorder {
  readonly naming = new Naming();
  readonly #edges: PlanEdge[] = [];
  readonly #repartitions = new Map<object, PlanNode>();

  addSource(child: PlanNode): void {
    this.#edges.push(Object.freeze({ parent: undefined, child, place: callPlace() }));
  }

  add(parents: readonly PlanNode[], child: PlanNode): void {
    const place = callPlace();
    for (const parent of parents) this.#edges.push(Object.freeze({ parent, child, place }));
  }

  /** In the order in which they were given. */
  parentsOf(child: PlanNode): readonly PlanNode[] {
    return this.#edges.flatMap((edge) =>
      edge.child === child && edge.parent !== undefined ? [edge.parent] : [],
    );
  }

  /**
   * The repartition topic that the joins of one stream share where they have no names: as in Kafka the last one that was
   * made, so that of a named join too, which itself makes one of its own.
   */
  sharedRepartition(stream: object, made: PlanNode, isNamedByUser: boolean): PlanNode {
    const known = isNamedByUser ? undefined : this.#repartitions.get(stream);
    this.#repartitions.set(stream, known ?? made);
    return known ?? made;
  }

  plan(): Plan {
    return Object.freeze({
      edges: Object.freeze([...this.#edges]),
      generatedResources: this.naming.generatedResources,
    });
  }
}
