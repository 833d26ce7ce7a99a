import type { BatchWriter, ClusterClient } from "@millrace/cluster";

/** The same cluster; `onCommit` is called when a transaction is about to be ended by a commit. */
export function observingCommits(cluster: ClusterClient, onCommit: () => void): ClusterClient {
  return withWriters(cluster, (writer) =>
    delegate(writer, {
      commit: (signal) => {
        const committed = writer.commit(signal);
        onCommit();
        return committed;
      },
    }),
  );
}

/** The same cluster, with other writers. */
export function withWriters(
  cluster: ClusterClient,
  wrap: (writer: BatchWriter) => BatchWriter,
): ClusterClient {
  return delegate(cluster, { openWriter: (options) => wrap(cluster.openWriter(options)) });
}

/** An object that does everything as `target` does, but for `changes`. */
export function delegate<Target extends object>(target: Target, changes: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_, name) => {
      const source = Object.hasOwn(changes, name) ? changes : target;
      const value: unknown = Reflect.get(source, name, source);
      return typeof value === "function" ? value.bind(source) : value;
    },
  });
}
