import { type Platform, type FileHandle, type FileSystem } from "@millrace/platform";

import { ProducerStates } from "../../packages/log/src/producer/producer-states.ts";
import { TransactionIndex } from "../../packages/log/src/index/transaction-index.ts";

/** A bug that is put in through a port, or in place of a method, to show that it is found. */
export interface Plant {
  readonly name: string;
  readonly durability?: "os";
  readonly platform?: (platform: Platform) => Platform;
  /** For as long as what it gives is not disposed of. */
  readonly install?: () => Disposable;
}

export const noPlant: Plant = { name: "none" };

export const plants: readonly Plant[] = [
  // The page cache counts, while what is checked is what `group` promises.
  { name: "acknowledged before it is on the device", durability: "os" },
  { name: "offsets of groups are never synced", platform: withoutSync(/\/__consumer_offsets-/) },
  {
    name: "ends of transactions are never synced",
    platform: withoutSync(/\/__transaction_state-/),
  },
  { name: "the metadata are never synced", platform: withoutSync(/\/__cluster_metadata-/) },
  { name: "a log is cut by a batch when it is opened", platform: withShortLogs },
  { name: "old segments are judged by a clock that is ahead", platform: withClockAhead },
  {
    name: "what producers had sent is forgotten at a start",
    install: () => replace(ProducerStates.prototype, "load", () => {}),
  },
  {
    name: "aborted transactions are not in the index",
    install: () => replace(TransactionIndex.prototype, "append", () => {}),
  },
];

function withoutSync(path: RegExp): (platform: Platform) => Platform {
  const synced = Promise.resolve();
  return withHandles((handle) =>
    path.test(handle.path) ? delegate(handle, { datasync: () => synced }) : handle,
  );
}

/** The last bytes of a file that was there are gone. */
function withShortLogs(platform: Platform): Platform {
  const cutBytes = 50;
  const seen = new Set<string>();
  return withHandles((handle) => {
    const isOld = handle.path.endsWith(".log") && handle.path.includes("/kept-");
    if (!isOld || seen.has(handle.path)) return handle;
    seen.add(handle.path);
    const sizeBytes = handle.sizeBytes();
    if (sizeBytes > cutBytes) handle.truncate(sizeBytes - cutBytes);
    return handle;
  })(platform);
}

function withClockAhead(platform: Platform): Platform {
  const aheadMs = 60_000;
  const { clock } = platform;
  return {
    ...platform,
    clock: delegate(clock, { wallMs: () => clock.wallMs() + aheadMs }),
  };
}

function withHandles(change: (handle: FileHandle) => FileHandle): (platform: Platform) => Platform {
  return (platform) => {
    const { fileSystem } = platform;
    const changed: FileSystem = delegate(fileSystem, {
      open: (path, mode) => change(fileSystem.open(path, mode)),
    });
    return { ...platform, fileSystem: changed };
  };
}

/** What it does itself comes from `own`, all else from the original. */
function delegate<Target extends object>(target: Target, own: Partial<Target>): Target {
  return new Proxy(target, {
    get(original, name) {
      const found: unknown = Reflect.get(name in own ? own : original, name);
      return typeof found === "function" ? found.bind(name in own ? own : original) : found;
    },
  });
}

function replace<Target extends object>(
  prototype: Target,
  name: keyof Target & string,
  method: Target[keyof Target & string],
): Disposable {
  const before = prototype[name];
  prototype[name] = method;
  return { [Symbol.dispose]: () => void (prototype[name] = before) };
}
