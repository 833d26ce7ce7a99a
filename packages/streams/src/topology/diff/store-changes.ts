import { startOver } from "../../error/start-over.ts";
import { oldName } from "./old-names.ts";
import { isGenerated, type Origin, type PlacedStore } from "./origins.ts";
import { bytesOfSerde } from "./bytes-of-serde.ts";
import type { Paired } from "./pair-up.ts";
import type { ChangeSeverity, TopologyChange } from "./topology-change.ts";

/** Kinds that have the same bytes in the changelog, and other ones on the disk. */
const alike: readonly (readonly string[])[] = [
  ["keyValue", "timestampedKeyValue", "timestampedKeyValueWithHeaders", "versioned"],
  ["window", "timestampedWindow", "timestampedWindowWithHeaders"],
  ["session", "sessionWithHeaders"],
];

const retentions = ["retentionMs", "historyRetentionMs", "segmentIntervalMs"];
/** Entries lie in segments of so much time: a store with others begins anew. */
const span = "segmentSpanMs";
/** A window's end, and a row's key, are told by these. */
const windows = ["windowSizeMs", "windows", "retainDuplicates"];

/** What becomes of the stores. */
export function storeChanges(
  { pairs, gone, added }: Paired<PlacedStore>,
  now: readonly PlacedStore[],
): readonly TopologyChange[] {
  const names = new Map(now.map((store) => [store.name, store]));
  const before = [...pairs.map(([old]) => old), ...gone];
  const rolesBefore = new Set(before.map(({ origin }) => origin.role));
  const rolesNow = new Set(now.map(({ origin }) => origin.role));
  const isRenamed: IsRenamed = (from, to) => !rolesNow.has(from.role) && !rolesBefore.has(to.role);
  return [
    ...gone.map(removed),
    ...added.map(addedStore),
    ...pairs.flatMap(([old, store]) =>
      old.name === store.name ? [] : renamed(old, store, names.get(old.name)),
    ),
    ...pairs.flatMap(([old, store]) =>
      old.name === store.name ? compared(old, store, isRenamed) : [],
    ),
  ];
}

/** Tells whether an operator has got another name, and is no other one that was or is there besides. */
type IsRenamed = (from: Origin, to: Origin) => boolean;

/** What happens to a store that is read from its changelog again. */
export function afterRebuild({ changelog }: PlacedStore): ChangeSeverity {
  return changelog === null ? "lost" : "rebuilt";
}

function removed({ name, changelog, settings }: PlacedStore): TopologyChange {
  const isTopic = changelog?.isSourceTopic === true;
  const isKept = isTopic || settings.ttlMs !== undefined; // as far as its table is
  return {
    kind: "storeRemoved",
    severity: isKept ? "survives" : "lost",
    subject: name,
    message: `store ${name} is not there any more`,
    advice:
      isTopic || changelog === null
        ? ""
        : `delete its topic APPLICATION-${changelog.topic} once nobody goes back to the old version`,
  };
}

function addedStore({ name, changelog, settings }: PlacedStore): TopologyChange {
  const isOfTopic = changelog?.isSourceTopic === true;
  const isFilled = isOfTopic || settings.ttlMs !== undefined;
  return {
    kind: "storeAdded",
    severity: "survives",
    subject: name,
    message: isFilled
      ? `store ${name} is new; it is filled from ${isOfTopic ? `topic ${changelog.topic}` : "the rows that are there"}`
      : `store ${name} is new; it knows only what comes from now on`,
    advice: isFilled ? "" : `to have it know what came before, ${startOver()}`,
  };
}

function renamed(
  old: PlacedStore,
  store: PlacedStore,
  successor: PlacedStore | undefined,
): readonly TopologyChange[] {
  const isFilled = store.changelog?.isSourceTopic === true;
  const change: TopologyChange = {
    kind: "storeRenamed",
    severity: isFilled ? "rebuilt" : "lost",
    subject: old.name,
    message: isFilled
      ? `store ${old.name} is ${store.name} now, and is filled again from topic ${store.changelog.topic}`
      : `store ${old.name} is ${store.name} now, which begins empty: ${isGenerated(old.name) ? "its name was generated, and its number changed or it was named since" : "its name was changed"}`,
    advice: isFilled ? "" : oldName(old, store),
  };
  if (successor === undefined || isFilled) return [change];
  const { role, topics } = successor.origin;
  return [
    change,
    {
      kind: "storeTakenOver",
      severity: "restart",
      subject: old.name,
      message: `store ${old.name} is that of another operator now (${role}, of ${topics.join(", ")}), which would go on with what the old one has put into it`,
      advice: `give both stores names of their own; or ${startOver()}`,
    },
  ];
}

function compared(
  old: PlacedStore,
  store: PlacedStore,
  isRenamed: IsRenamed,
): readonly TopologyChange[] {
  const changed = kind(old, store, isRenamed);
  // Of another kind nothing else can be compared.
  if (changed?.severity === "restart") return [changed];
  const others = [serdes, windowing, retention, otherSettings, engine, logging, input].flatMap(
    (compare) => compare(old, store, isRenamed) ?? [],
  );
  return changed === undefined ? others : [changed, ...others];
}

type Comparison = (
  old: PlacedStore,
  store: PlacedStore,
  isRenamed: IsRenamed,
) => TopologyChange | undefined;

const kind: Comparison = (old, store) => {
  if (old.kind === store.kind && old.layout === store.layout) return undefined;
  const isAlike =
    old.kind === store.kind ||
    alike.some((kinds) => kinds.includes(old.kind) && kinds.includes(store.kind));
  const what = old.kind === store.kind ? "is laid out otherwise" : `was a ${old.kind}`;
  return {
    kind: "storeKindChanged",
    severity: isAlike ? afterRebuild(store) : "restart",
    subject: store.name,
    message: `store ${store.name} ${what}${old.kind === store.kind ? "" : ` and is a ${store.kind}`}`,
    advice: isAlike ? "" : `give it another name, which begins empty; or ${startOver()}`,
  };
};

const serdes: Comparison = (old, store) => {
  const parts = (["key", "value"] as const).filter(
    (part) => bytesOfSerde(old[part]) !== bytesOfSerde(store[part]),
  );
  if (parts.length === 0) return undefined;
  const list = parts.map((part) => `${part}s were ${old[part]} and are ${store[part]}`);
  return {
    kind: "storeSerdeChanged",
    severity: "restart",
    subject: store.name,
    message: `store ${store.name} has other bytes: ${list.join(", ")}`,
    advice: `give it another name, which begins empty; or ${startOver()}`,
  };
};

const windowing: Comparison = (old, store) => {
  // Each row by itself, as those of a join are, has a time and no window.
  const areRows =
    old.settings.retainDuplicates === true && store.settings.retainDuplicates === true;
  const changed = areRows ? undefined : changedSettings(old, store, windows);
  if (changed === undefined || old.kind !== store.kind) return undefined;
  return {
    kind: "storeWindowChanged",
    severity: "restart",
    subject: store.name,
    message: `store ${store.name} has other windows: ${changed}; old ones would be taken for new ones`,
    advice: `give it another name, which begins empty; or ${startOver()}`,
  };
};

const retention: Comparison = (old, store) => {
  const changed = changedSettings(old, store, retentions);
  if (changed === undefined || old.kind !== store.kind) return undefined;
  const { changelog } = store;
  const kept = changelog?.configs["retention.ms"];
  const isLonger = Number(kept) > Number(old.changelog?.configs["retention.ms"]);
  return {
    kind: "storeRetentionChanged",
    severity: isSpanned(old, store) ? "survives" : afterRebuild(store),
    subject: store.name,
    message: `store ${store.name} keeps entries for another time: ${changed}`,
    advice:
      isLonger && changelog !== null
        ? `set retention.ms of APPLICATION-${changelog.topic} to ${kept}: the topic that is there keeps its own`
        : "",
  };
};

const otherSettings: Comparison = (old, store) => {
  const known = new Set([...windows, ...retentions, span]);
  const names = [...Object.keys(old.settings), ...Object.keys(store.settings)];
  const changed = changedSettings(
    old,
    store,
    [...new Set(names)].filter((name) => !known.has(name)),
  );
  if (changed === undefined || old.kind !== store.kind) return undefined;
  return {
    kind: "storeSettingChanged",
    severity: "survives",
    subject: store.name,
    message: `store ${store.name}: ${changed}`,
    advice: "",
  };
};

const engine: Comparison = (old, store) => {
  if (old.engine === store.engine) return undefined;
  const hadNothing = old.engine === "memory" && old.changelog === null;
  return {
    kind: "storeEngineChanged",
    severity: hadNothing ? "survives" : afterRebuild(store),
    subject: store.name,
    message: `store ${store.name} was in ${old.engine} and is in ${store.engine}`,
    advice: "",
  };
};

const logging: Comparison = (old, store) => {
  const [from, to] = [old.changelog, store.changelog];
  if (from?.isSourceTopic === to?.isSourceTopic && from?.topic === to?.topic) return undefined;
  const change = { kind: "storeLoggingChanged", subject: store.name } as const;
  if (to === null)
    return {
      ...change,
      severity: store.engine === "memory" ? "lost" : "survives",
      message: `store ${store.name} has no changelog any more: what it holds is in the state directory alone`,
      advice: "keep the state directory",
    };
  if (to.isSourceTopic)
    return {
      ...change,
      severity: "rebuilt",
      message: `store ${store.name} is restored from topic ${to.topic} now`,
      advice: `see that ${to.topic} is compacted, and deletes nothing by its age`,
    };
  return {
    ...change,
    severity: "lost",
    message: `store ${store.name} has a new changelog, which begins empty: what it holds by now does not come into it`,
    advice: `to have it whole, ${startOver()}`,
  };
};

const input: Comparison = (old, store, isRenamed) => {
  const [from, to] = [old.origin, store.origin];
  const isKeyed = from.isRepartitioned === to.isRepartitioned;
  const isFedByOther = isGenerated(store.name) && from.role !== to.role && !isRenamed(from, to);
  const isSame = from.topics.join("\n") === to.topics.join("\n");
  if (isKeyed && isSame && !isFedByOther) return undefined;
  const change = { kind: "storeInputChanged", subject: store.name } as const;
  if (!isKeyed || isFedByOther)
    return {
      ...change,
      severity: "restart",
      message: isKeyed
        ? `store ${store.name} was fed by ${from.role} and is fed by ${to.role}`
        : `store ${store.name} is fed with ${to.isRepartitioned ? "records whose key was changed" : "records under the key of their topic"} now, and holds entries of other keys`,
      advice: `give it another name, which begins empty; or ${startOver()}`,
    };
  return {
    ...change,
    severity: "survives",
    message: `store ${store.name} was fed from ${from.topics.join(", ")} and is fed from ${to.topics.join(", ")}`,
    advice: "see that these have as many partitions as its changelog",
  };
};

function isSpanned(old: PlacedStore, store: PlacedStore): boolean {
  return old.settings[span] === store.settings[span];
}

function changedSettings(
  old: PlacedStore,
  store: PlacedStore,
  names: readonly string[],
): string | undefined {
  const changed = names
    .filter((name) => old.settings[name] !== store.settings[name])
    .map((name) => `${name} was ${textOf(old, name)} and is ${textOf(store, name)}`);
  return changed.length === 0 ? undefined : changed.join(", ");
}

function textOf({ settings }: PlacedStore, name: string): string {
  return String(settings[name] ?? "not told");
}
