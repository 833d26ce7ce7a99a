import { KafkaError } from "@millrace/protocol";
import { findCoordinatorApi } from "@millrace/protocol/definitions";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { RequestFailure } from "../connection/request-failure.ts";
import { unreachableBroker } from "../connection/unreachable-broker.ts";
import type { ClusterMetadata } from "./cluster-metadata.ts";

/** Whose coordinator: a group's, or a transactional id's. */
export type CoordinatorKind = "group" | "transaction";

const keyTypes: Readonly<Record<CoordinatorKind, number>> = { group: 0, transaction: 1 };

/** Remembers which broker coordinates what, until told that it no longer does. */
export class Coordinators {
  readonly #metadata: ClusterMetadata;
  readonly #lane: BrokerLane;
  readonly #known = new Map<string, number>();
  readonly #finding = new Map<string, Promise<number>>();

  constructor(metadata: ClusterMetadata) {
    this.#metadata = metadata;
    this.#lane = metadata.openLane();
  }

  /** The node id of the coordinator. One attempt: rejects with errors that may be retried. */
  find(kind: CoordinatorKind, key: string): Promise<number> {
    const name = `${kind}:${key}`;
    const known = this.#known.get(name);
    if (known !== undefined) return Promise.resolve(known);
    let finding = this.#finding.get(name);
    if (finding === undefined) {
      finding = this.#ask(kind, key)
        .then((nodeId) => {
          this.#known.set(name, nodeId);
          return nodeId;
        })
        .finally(() => this.#finding.delete(name));
      this.#finding.set(name, finding);
    }
    return finding;
  }

  /** Has it looked up anew by the next `find`. */
  forget(kind: CoordinatorKind, key: string): void {
    this.#known.delete(`${kind}:${key}`);
  }

  /** Forgets a coordinator that no longer is one, or that does not answer. */
  forgetAfter(kind: CoordinatorKind, key: string, error: unknown): void {
    const isGone =
      error instanceof RequestFailure ||
      (error instanceof KafkaError &&
        (error.code === "NOT_COORDINATOR" || error.code === "COORDINATOR_NOT_AVAILABLE"));
    if (isGone) this.forget(kind, key);
  }

  close(): void {
    this.#lane.close();
  }

  async #ask(kind: CoordinatorKind, key: string): Promise<number> {
    const link = this.#lane.link(await this.#anyBroker());
    const answer = await link.call({
      api: findCoordinatorApi,
      versionMin: kind === "transaction" ? 1 : 0,
      body: (version) => ({
        ...(version >= 4 ? { coordinatorKeys: [key] } : { key }),
        ...(version >= 1 ? { keyType: keyTypes[kind] } : {}),
      }),
    });
    const found = answer.coordinators.find((row) => row.key === key) ?? answer;
    throwIfError(found.errorCode, found.errorMessage);
    this.#metadata.learnBroker(found.nodeId, { host: found.host, port: found.port });
    return found.nodeId;
  }

  /** Any that is known, open connections first. */
  async #anyBroker(): Promise<number> {
    if (this.#metadata.brokers.size === 0) await this.#metadata.refresh();
    const nodeIds = [...this.#metadata.brokers.keys()];
    const rank = (nodeId: number) => {
      const { connection } = this.#lane.link(nodeId);
      return connection.isReady ? 0 : connection.isResting ? 2 : 1;
    };
    const best = nodeIds.toSorted((left, right) => rank(left) - rank(right)).at(0);
    if (best === undefined) throw unreachableBroker(["no known address"], undefined);
    return best;
  }
}
