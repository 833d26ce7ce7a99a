import { type Platform, type FileHandle, type FileSystem } from "@millrace/platform";
import { isControl, readAttributes } from "@millrace/protocol/records";

import { ClassicGroup } from "../../packages/broker/src/coordinator/group/classic/classic-group.ts";
import { StandardAuthorizer } from "../../packages/broker/src/security/authorization/standard-authorizer.ts";
import { CleanedTransactions } from "../../packages/log/src/compaction/cleaned-transactions.ts";
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
    install: () => replace(ProducerStates.prototype, "load", () => () => {}),
  },
  {
    name: "aborted transactions are not in the index",
    install: () => replace(TransactionIndex.prototype, "append", () => () => {}),
  },
  { name: "a marker is removed before its data", install: removingMarkers },
  { name: "what a rule allowed outlives it", install: cachingRules },
  {
    name: "an offset of a live group expires",
    install: () => replace(ClassicGroup.prototype, "isSubscribedTo", () => () => false),
  },
];

/** Compaction takes every marker for one of nothing. */
function removingMarkers(): Disposable {
  return replace(
    CleanedTransactions.prototype,
    "isDiscardable",
    (before) =>
      function isDiscardable(this: CleanedTransactions, bytes, at) {
        return isControl(readAttributes(bytes, at)) || before.call(this, bytes, at);
      },
  );
}

/** The authorizer remembers what it said, whatever becomes of the rules. */
function cachingRules(): Disposable {
  const said = new Map<string, boolean>();
  return replace(
    StandardAuthorizer.prototype,
    "isAllowed",
    (before) =>
      function isAllowed(this: StandardAuthorizer, asker, operation, resource) {
        const name = `${operation} ${resource.kind} ${resource.name}`;
        const known = said.get(name) ?? before.call(this, asker, operation, resource);
        said.set(name, known);
        return known;
      },
  );
}

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

/** Puts a method in the place of another, which it is made of. */
function replace<Target extends object, Name extends keyof Target & string>(
  prototype: Target,
  name: Name,
  make: (before: Target[Name]) => Target[Name],
): Disposable {
  const before = prototype[name];
  prototype[name] = make(before);
  return { [Symbol.dispose]: () => void (prototype[name] = before) };
}
