import type { AssignableTask, ClientState } from "./client-state.ts";
import { compareProcessIds, inHashOrder, PriorityQueue, processHash } from "./java-order.ts";

type Suits = (client: ClientState, task: AssignableTask) => boolean;

/** Clients, the one with the least load first (Kafka: `ConstrainedPrioritySet`). Whoever was taken is offered again. */
export class LeastLoadedClients {
  readonly #suits: Suits;
  readonly #queue: PriorityQueue<ClientState>;

  constructor(suits: Suits, loadOf = ({ load }: ClientState): number => load) {
    this.#suits = suits;
    this.#queue = new PriorityQueue(
      (left, right) =>
        loadOf(left) - loadOf(right) || compareProcessIds(left.processId, right.processId),
    );
  }

  /** Takes the first one that suits the task. */
  poll(task: AssignableTask, suitsToo: (client: ClientState) => boolean = () => true) {
    const unsuitable: ClientState[] = [];
    let found: ClientState | undefined;
    while (found === undefined) {
      const client = this.#queue.poll();
      if (client === undefined) break;
      if (this.#suits(client, task) && suitsToo(client)) found = client;
      else unsuitable.push(client);
    }
    this.offer(...inHashOrder(unsuitable, processHash));
    return found;
  }

  /** Puts clients into their places, which are others now where they were in already. */
  offer(...clients: readonly ClientState[]): void {
    for (const client of clients) {
      if (this.#queue.has(client)) this.#queue.remove(client);
      this.#queue.add(client);
    }
  }
}
