import type { Connection } from "@millrace/platform";
import type { Incarnation } from "../world/incarnation.ts";

export interface SwitchboardListener {
  readonly owner: Incarnation;
  readonly accept: (connection: Connection) => void;
}

/** One end of a connection, as the switchboard sees it. */
export interface SwitchedConnection {
  readonly owner: Incarnation;
  readonly peer: SwitchedConnection;
  cut(): void;
  abandon(error: Error | undefined): void;
  wake(): void;
  setAdrift(): void;
  peerRevived(): void;
}

const firstFreePort = 49_152;

/** All of the network that is not one connection: who listens, who may reach whom. */
export class Switchboard {
  readonly listeners = new Map<string, SwitchboardListener>();
  readonly connections = new Set<SwitchedConnection>();
  readonly hosts = new Set<string>();
  readonly #blocked = new Set<string>();
  #nextPort = firstFreePort;

  nextPort(): number {
    return this.#nextPort++;
  }

  isPassable(left: string, right: string): boolean {
    return this.#blocked.size === 0 || !this.#blocked.has(pairOf(left, right));
  }

  block(left: string, right: string): void {
    this.#blocked.add(pairOf(left, right));
  }

  unblock(left: string, right: string): void {
    if (this.#blocked.delete(pairOf(left, right))) this.#wakeAll();
  }

  unblockAll(): void {
    this.#blocked.clear();
    this.#wakeAll();
  }

  cut(left: string, right: string): void {
    for (const connection of this.connections)
      if (connection.owner.process === left && connection.peer.owner.process === right)
        connection.cut();
  }

  /** The kernel closes what the dead process had open: its peers see that. */
  killed(owner: Incarnation, error: Error | undefined): void {
    this.#forgetListeners(owner);
    for (const connection of this.connections) {
      if (connection.owner !== owner) continue;
      this.connections.delete(connection);
      connection.abandon(error);
    }
  }

  /** Nobody is left to close anything: the peers see nothing, until the host is back (`revived`). */
  vanished(owner: Incarnation): void {
    this.#forgetListeners(owner);
    for (const connection of this.connections) {
      if (connection.owner !== owner) continue;
      this.connections.delete(connection);
      connection.peer.setAdrift();
    }
  }

  revived(process: string): void {
    for (const connection of this.connections)
      if (connection.peer.owner.process === process && connection.peer.owner.isDead)
        connection.peerRevived();
  }

  #forgetListeners(owner: Incarnation): void {
    for (const [key, listener] of this.listeners)
      if (listener.owner === owner) this.listeners.delete(key);
  }

  #wakeAll(): void {
    for (const connection of this.connections) connection.wake();
  }
}

function pairOf(left: string, right: string): string {
  return left < right ? `${left}|${right}` : `${right}|${left}`;
}
