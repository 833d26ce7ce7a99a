import type { Random } from "@millrace/platform";
import type { Topology } from "@millrace/streams";

import type { Everything } from "../everything.ts";
import type { History } from "../history.ts";
import type { SwarmOptions } from "../swarm.ts";
import type { InputTopic } from "../topics.ts";

/** A service that is asked for each line: it rejects, or takes its time. */
export type Ask = (signal: AbortSignal) => Promise<void>;

export interface TickOptions {
  /** 0: no timer is set. */
  readonly everyMs: number;
  /** False: a timer that fires does nothing. */
  readonly isOn: () => boolean;
  /** A planted bug: called with the timer when its task is closed. */
  readonly afterClose?: ((tick: () => void) => void) | undefined;
}

/** What an instance of the application has around it. */
export interface ProgramWorld {
  readonly ticks: TickOptions;
  readonly ask: Ask;
}

/** For whoever wants to know of nodes, stores and topics alone. */
export const noWorld: ProgramWorld = {
  ticks: { everyMs: 0, isOn: () => false },
  ask: async () => {},
};

export interface LineDraft {
  readonly topic: InputTopic;
  readonly key: string;
  readonly payload: string;
  /** How much earlier than the clock its time is. Absent: not at all. */
  readonly lateMs?: number;
}

export interface SimulatedProgram {
  readonly name: string;
  /** Topics that its sinks write to. */
  readonly outputs: readonly string[];
  build(world: ProgramWorld, options: Pick<SwarmOptions, "askMs">): Topology;
  /** False: the times of its lines are those of the loader's clock, which may jump. */
  readonly isTimed: boolean;
  /** What the load brings next. */
  draw(random: Random): LineDraft;
  /** True: lines far in the future end the load, so that everything that waits for time leaves. */
  readonly isClosed: boolean;
  /** I9: what of its results is not what a plain computation makes of the inputs; empty: all is there, once. */
  judge(everything: Everything, options: Pick<SwarmOptions, "askMs">): readonly string[];
  /** Whatever else must hold. */
  check?(history: History, everything: Everything): void;
}

/** Keys of the lines that end a load: nobody judges them. */
export const closingKey = "end";

export function pick<Choice>(random: Pick<Random, "below">, choices: readonly Choice[]): Choice {
  return choices[random.below(choices.length)];
}

export function drawKey(random: Random, count = 4): string {
  return `k${random.below(count)}`;
}
