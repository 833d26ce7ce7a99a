import { StreamTask } from "@millrace/streams";

/** Queries that ask for what is committed are shown what is not, under the position of what is. */
export function showingUncommitted(): Disposable {
  const { prototype } = StreamTask;
  const { inputOffsets } = prototype;
  // A query asks for the position first, and for the view then.
  prototype.inputOffsets = function (this: StreamTask, isolation) {
    const { stores } = this;
    if (!Object.hasOwn(stores, "view")) {
      const view = stores.view.bind(stores);
      stores.view = (store) => view(store, "live");
    }
    return inputOffsets.call(this, isolation);
  };
  return { [Symbol.dispose]: () => void (prototype.inputOffsets = inputOffsets) };
}
