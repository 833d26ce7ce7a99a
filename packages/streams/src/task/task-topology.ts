import type { LoopTracing } from "@millrace/platform";

import { StreamsError } from "../error/streams-error.ts";
import type { Processor } from "../processor/processor.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import type { Subtopology } from "../topology/subtopology.ts";
import type { RecordCollector } from "./record-collector.ts";
import { RunningNode, type NodeSurroundings } from "./running-node.ts";
import { SinkProcessor, type SinkOwner } from "./sink-processor.ts";
import type { TaskContext } from "./task-context.ts";

/** The nodes of a sub-topology at work in one task. */
export interface TaskTopology {
  /** In the order of the topology: parents first. */
  readonly nodes: readonly RunningNode[];
  readonly sources: readonly { readonly node: SourceNode; readonly running: RunningNode }[];
}

/** Sources have nothing to do: their records go to their children directly. */
const sourceProcessor: Processor = { process: () => {} };

/** Makes one processor per node and connects them in the order in which the topology did. */
export function buildTaskTopology(
  subtopology: Subtopology,
  collector: RecordCollector,
  surroundings: NodeSurroundings & {
    readonly sinkOwner: SinkOwner;
    readonly tracing: LoopTracing | undefined;
  },
): TaskTopology {
  const byName = new Map<string, RunningNode>();
  const sources: { node: SourceNode; running: RunningNode }[] = [];
  for (const node of subtopology.nodes) {
    const processor =
      node.kind === "processor"
        ? node.supplier()
        : node.kind === "sink"
          ? new SinkProcessor(node, {
              collector,
              owner: surroundings.sinkOwner,
              tracing: surroundings.tracing,
            })
          : sourceProcessor;
    const running = new RunningNode(node, processor, surroundings);
    byName.set(node.name, running);
    if (node.kind === "source") sources.push({ node, running });
    for (const parent of node.parents) byName.get(parent)?.children.push(running);
  }
  return { nodes: [...byName.values()], sources };
}

/** Starts the processors, parents first. */
export function initializeNodes(
  { nodes }: Pick<TaskTopology, "nodes">,
  context: TaskContext,
): void {
  for (const node of nodes) {
    context.beginTurn(node.nodeName);
    try {
      node.processor.init?.(node);
    } catch (thrown) {
      throw thrown instanceof StreamsError ? thrown : context.startError(thrown);
    } finally {
      context.endTurn();
    }
  }
}

/** Closes the processors, and what they share, whatever one of them throws: gives the first of it, and where it was. */
export function closeNodes(
  { nodes }: Pick<TaskTopology, "nodes">,
  context: TaskContext,
): StreamsError | undefined {
  let failure: StreamsError | undefined;
  const attempt = (close: () => void, node?: string): void => {
    try {
      close();
    } catch (thrown) {
      failure ??= thrown instanceof StreamsError ? thrown : context.closeError(thrown, node);
    }
  };
  for (const { processor, nodeName } of nodes) {
    context.beginTurn(nodeName);
    attempt(() => processor.close?.(), nodeName);
  }
  for (const close of context.scope.takeClosers()) attempt(close);
  context.endTurn();
  return failure;
}
