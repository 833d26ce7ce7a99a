import type { TopologyDescription } from "../description/topology-description.ts";
import { withoutNumbers } from "./origins.ts";
import type { TopologyChange } from "./topology-change.ts";

/** Operators that are more or fewer, whatever numbers their names have. */
export function operatorChanges(
  old: TopologyDescription,
  now: TopologyDescription,
): readonly TopologyChange[] {
  const before = countsOf(old);
  const after = countsOf(now);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((role): TopologyChange[] => {
    const more = (after.get(role) ?? 0) - (before.get(role) ?? 0);
    if (more === 0) return [];
    const count = Math.abs(more);
    const verb = count === 1 ? "is" : "are";
    const many = count === 1 ? role : `${count} times ${role}`;
    return [
      {
        kind: more > 0 ? "operatorAdded" : "operatorRemoved",
        severity: "survives",
        subject: role,
        message: more > 0 ? `${many} ${verb} new` : `${many} ${verb} not there any more`,
        advice: "",
      },
    ];
  });
}

function countsOf({ subtopologies }: TopologyDescription): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { nodes } of subtopologies)
    for (const { kind, name } of nodes) {
      const role = withoutNumbers(name);
      if (kind === "processor") counts.set(role, (counts.get(role) ?? 0) + 1);
    }
  return counts;
}
