import { concatBytes } from "@millrace/model";
import {
  NetworkError,
  unsetHandler,
  type Connection,
  type ConnectionHandler,
} from "@millrace/platform";
import type { Incarnation } from "../world/incarnation.ts";
import { within, type World, type WorldEvent } from "../world/world.ts";
import type { Switchboard, SwitchedConnection } from "./switchboard.ts";

/** Bytes that may wait in one connection before `write` says false. */
const writeBudgetBytes = 256 * 1024;

/** How long an ended connection waits for its peer to read. */
const lingerMs = 5_000;

/** How often bytes that arrived together are handed over in two pieces, as TCP may. */
const splitChance = 0.05;

interface Message {
  readonly bytes: Uint8Array;
  readonly arrivalMs: number;
}

interface Close {
  readonly error: Error | undefined;
}

/**
 * One end. What it writes travels as messages, each with its own delay, and never overtakes within the connection.
 *
 *   open --end--> ending (sends what waits) --> closed
 *     |--destroy, kill--> a prefix of what waits still arrives --> closed, and the peer behind it
 *     |--cut--> both closed with an error
 *     '--half-open--> one end closed with an error, the other (`#isAdrift`) never hears again
 */
export class SimulatedConnection implements Connection, SwitchedConnection {
  readonly owner: Incarnation;
  readonly remoteAddress: string;
  readonly peerCertificate = undefined;
  handler: ConnectionHandler = unsetHandler;
  readonly #world: World;
  readonly #switchboard: Switchboard;
  #peer: SimulatedConnection = this;
  #outgoing: Message[] = [];
  #outgoingBytes = 0;
  #lastArrivalMs = 0;
  #closeBehind: Close | undefined;
  #state: "open" | "ending" | "closed" = "open";
  #isFinished = false;
  #isPaused = false;
  #isAdrift = false;
  #owesDrained = false;
  #isScheduled = false;
  #linger: WorldEvent | undefined;

  private constructor(
    world: World,
    switchboard: Switchboard,
    owner: Incarnation,
    remoteAddress: string,
  ) {
    this.#world = world;
    this.#switchboard = switchboard;
    this.owner = owner;
    this.remoteAddress = remoteAddress;
    switchboard.connections.add(this);
  }

  static pair(
    world: World,
    switchboard: Switchboard,
    near: Incarnation,
    far: Incarnation,
  ): readonly [SimulatedConnection, SimulatedConnection] {
    const nearEnd = new SimulatedConnection(world, switchboard, near, addressOf(far));
    const farEnd = new SimulatedConnection(world, switchboard, far, addressOf(near));
    nearEnd.#peer = farEnd;
    farEnd.#peer = nearEnd;
    return [nearEnd, farEnd];
  }

  get peer(): SimulatedConnection {
    return this.#peer;
  }

  get bufferedBytes(): number {
    return this.#outgoingBytes;
  }

  /** Nothing reaches this end before. */
  handedOverAt(timeMs: number): void {
    this.#peer.#lastArrivalMs = timeMs;
  }

  write(parts: readonly Uint8Array[], sent?: () => void): boolean {
    if (this.owner.isDead || this.#state !== "open") return true;
    const world = this.#world;
    // The one copy: the writer may keep its parts, the receiver may change its chunk.
    const bytes = concatBytes(...parts);
    sent?.();
    world.recordBytes("send", this.owner.process, bytes);
    let delayMs = within(world.times.latencyMs, world.networkRandom);
    if (world.strikes("delay", world.networkRandom, this.owner))
      delayMs += within(world.times.delayMs, world.networkRandom);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, world.nowMs + delayMs);
    this.#outgoing.push({ bytes, arrivalMs: this.#lastArrivalMs });
    this.#outgoingBytes += bytes.length;
    this.#schedule();
    if (world.strikes("cut", world.networkRandom, this.owner)) this.cut();
    else if (world.strikes("halfOpen", world.networkRandom, this.owner)) this.halve();
    if (this.#outgoingBytes < writeBudgetBytes) return true;
    this.#owesDrained = true;
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#peer.#schedule();
  }

  end(): void {
    if (this.owner.isDead || this.#state !== "open") return;
    this.#state = "ending";
    this.#closeBehind = { error: undefined };
    this.#schedule();
    // What the peer has queued is dropped from now on, paused or not.
    this.resume();
    this.#linger = this.#world.schedule(lingerMs, "world", () => this.#giveUpLingering());
  }

  destroy(): void {
    if (this.owner.isDead || this.#isFinished) return;
    this.abandon(undefined);
    this.#world.schedule(0, this.owner, () => this.#finish(undefined));
  }

  /** This end is gone; a prefix of what it wrote still arrives, and the close behind it. */
  abandon(error: Error | undefined): void {
    this.#state = "closed";
    const kept = this.#world.networkRandom.below(this.#outgoing.length + 1);
    for (const { bytes } of this.#outgoing.splice(kept)) this.#outgoingBytes -= bytes.length;
    this.#closeBehind = { error };
    this.#schedule();
  }

  /** Both ends see an error. */
  cut(): void {
    for (const end of [this, this.#peer]) end.#breakSoon();
  }

  /** The end that is drawn sees an error, the other one nothing any more. */
  halve(): void {
    const seesError = this.#world.networkRandom.chance(0.5) ? this : this.#peer;
    seesError.#peer.setAdrift();
    seesError.#breakSoon();
  }

  /** What it writes goes nowhere, and nothing comes. */
  setAdrift(): void {
    this.#isAdrift = true;
  }

  /** The network lets pass again. */
  wake(): void {
    this.#schedule();
    this.#peer.#schedule();
  }

  /** The peer's host is back, and knows nothing of this connection. */
  peerRevived(): void {
    this.#breakSoon();
  }

  #breakSoon(): void {
    const delayMs = within(this.#world.times.latencyMs, this.#world.networkRandom);
    this.#world.schedule(delayMs, this.owner, () => this.#finish(connectionReset()));
  }

  #giveUpLingering(): void {
    if (this.#isFinished || this.owner.isDead) return;
    this.#discard();
    this.#world.schedule(0, this.owner, () => this.#finish(undefined));
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isOver()) return;
    const first = this.#outgoing[0];
    if (first === undefined && this.#closeBehind === undefined) return;
    this.#isScheduled = true;
    const world = this.#world;
    const delayMs = first === undefined ? this.#lastArrivalMs : first.arrivalMs;
    world.schedule(delayMs - world.nowMs, this.#peer.owner, () => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** An end that is closed still sends what it left behind, as kernels do. */
  #isOver(): boolean {
    return this.#peer.#isFinished || (this.#isFinished && this.#closeBehind === undefined);
  }

  /** Bytes first, the close behind them. Runs as an event of the peer's process. */
  #deliver(): void {
    const peer = this.#peer;
    if (this.#isAdrift || peer.#isAdrift || this.#isOver()) return;
    // Whoever mends the network wakes all connections.
    if (!this.#switchboard.isPassable(this.owner.process, peer.owner.process)) return;
    if (peer.#isPaused && peer.#state === "open" && this.#outgoing.length > 0) return;
    const chunk = this.#takeArrived();
    if (chunk !== undefined) {
      if (peer.#state === "open") {
        this.#world.recordBytes("receive", peer.owner.process, chunk);
        peer.handler.data(chunk);
      }
      this.#tellDrained();
    }
    if (this.#outgoing.length > 0) this.#schedule();
    else if (this.#closeBehind !== undefined) this.#closeBoth(this.#closeBehind);
  }

  #closeBoth({ error }: Close): void {
    this.#peer.#finish(error);
    if (this.owner.isDead || this.#isFinished) return;
    const delayMs = within(this.#world.times.latencyMs, this.#world.networkRandom);
    this.#world.schedule(delayMs, this.owner, () => this.#finish(undefined));
  }

  #takeArrived(): Uint8Array | undefined {
    const { nowMs, networkRandom } = this.#world;
    let count = 0;
    while (count < this.#outgoing.length && this.#outgoing[count].arrivalMs <= nowMs) count++;
    if (count === 0) return undefined;
    const messages = this.#outgoing.splice(0, count);
    let chunk =
      count === 1 ? messages[0].bytes : concatBytes(...messages.map(({ bytes }) => bytes));
    if (chunk.length > 1 && networkRandom.chance(splitChance)) {
      const length = 1 + networkRandom.below(chunk.length - 1);
      this.#outgoing.unshift({ bytes: chunk.slice(length), arrivalMs: nowMs });
      chunk = chunk.slice(0, length);
    }
    this.#outgoingBytes -= chunk.length;
    return chunk.length === 0 ? undefined : chunk;
  }

  #tellDrained(): void {
    if (!this.#owesDrained || this.#outgoingBytes > 0) return;
    this.#owesDrained = false;
    this.#world.schedule(0, this.owner, () => {
      if (this.#state === "open") this.handler.drained();
    });
  }

  #discard(): void {
    this.#outgoing = [];
    this.#outgoingBytes = 0;
  }

  #finish(error: Error | undefined): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    const isOwn = this.#state !== "open";
    this.#state = "closed";
    this.#switchboard.connections.delete(this);
    if (this.#linger !== undefined) this.#world.queue.cancel(this.#linger);
    if (this.#closeBehind === undefined) this.#discard();
    this.#world.record("closed", this.owner.process, error?.message);
    const { handler } = this;
    // The other end may be there for long, and would keep whoever had this one.
    this.handler = unsetHandler;
    handler.closed(isOwn ? undefined : error);
  }
}

function addressOf({ host }: Incarnation): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function connectionReset(): NetworkError {
  return new NetworkError("CONNECTION_RESET", "the peer broke the connection");
}
