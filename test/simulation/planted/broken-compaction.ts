import { CleanedTransactions } from "../../../packages/log/src/compaction/cleaned-transactions.ts";
import { KeyHash } from "../../../packages/log/src/compaction/key-hash.ts";

/** Compaction takes records of applications for records of one key where their keys begin alike. */
export function takingOtherKeys(): Disposable {
  const { prototype } = KeyHash;
  const { update } = prototype;
  prototype.update = function updateWithBegin(this: KeyHash, key) {
    // Keys of the coordinators begin with a version.
    update.call(this, key[0] === 0 ? key : key.subarray(0, 1));
  };
  return { [Symbol.dispose]: () => void (prototype.update = update) };
}

/** Compaction knows of no transaction that was aborted: its records stand for committed ones. */
export function takingAborted(): Disposable {
  const { prototype } = CleanedTransactions;
  const { add } = prototype;
  prototype.add = () => {};
  return { [Symbol.dispose]: () => void (prototype.add = add) };
}
