import { MetricRegistry } from "@millrace/platform";
import {
  nodeOfHandle,
  RecordTaps,
  type AnyStream,
  type AnyTable,
  type NodeTaps,
  type OpenTap,
  type RecordTap,
  type Topology,
} from "@millrace/streams";

/** Who listens at the nodes of a driver's topology. */
export class DriverTaps implements NodeTaps {
  readonly #topology: Topology;
  readonly #taps = new RecordTaps();
  readonly #metrics = new MetricRegistry();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  of(nodeName: string): readonly RecordTap[] {
    return this.#taps.of(nodeName);
  }

  /** @throws TopologyError `FOREIGN_STREAM`, `UNKNOWN_PROCESSOR` */
  open(place: AnyStream | AnyTable | string, tap: RecordTap): OpenTap {
    const node = nodeOfHandle(this.#topology, place, "tap");
    this.#taps.add(node, tap);
    return {
      isExactlyOnce: true,
      dropped: this.#metrics.counter("tap-records-dropped-total", { node }),
      roomMade: () => {},
      [Symbol.dispose]: () => this.#taps.remove(node, tap),
    };
  }

  committed(): void {
    this.#taps.committed();
  }

  /** Nothing comes any more. What was taken and is not committed is undone where the driver has failed. */
  end(failure: { readonly error: unknown } | undefined): void {
    if (failure !== undefined) this.#taps.discarded();
    this.#taps.end(failure);
  }
}
