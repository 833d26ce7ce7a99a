import { messageOf } from "@millrace/model";
import { SnapshotError, type SnapshotStore } from "@millrace/state";

/** A store of somebody else's: whatever it throws is its failure, and no reason to end. */
export function toldSnapshotStore(store: SnapshotStore): SnapshotStore {
  const told = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof SnapshotError) throw cause;
      const reason = messageOf(cause);
      throw new SnapshotError("SNAPSHOT_STORE_FAILED", `${store.place}: ${reason}`, cause);
    }
  };
  return {
    place: store.place,
    put: (...given) => told(() => store.put(...given)),
    get: (...given) => told(() => store.get(...given)),
    list: (...given) => told(() => store.list(...given)),
    delete: (...given) => told(() => store.delete(...given)),
  };
}
