import { encodeUtf8, murmur2 } from "@millrace/model";

/** Apart from what processors commit under the names of their stores. */
const prefix = "id:";
/**
 * Numbers that stand for the ids of a task's internal topics, to be committed beside its offsets: whoever goes on from
 * there sees whether the topics are still those that hold what was processed.
 *
 * @param ids by topic
 */
export function topicMarks(
  applicationId: string,
  ids: ReadonlyMap<string, string>,
): ReadonlyMap<string, number> {
  const marks = new Map<string, number>();
  for (const [topic, id] of [...ids].sort(([left], [right]) => (left < right ? -1 : 1)))
    marks.set(nameOf(topic, applicationId), markOf(id));
  return marks;
}

export function isTopicMark(name: string): boolean {
  return name.startsWith(prefix);
}

/** The topic, without the application's id. */
export function topicOfMark(mark: string): string {
  return mark.slice(prefix.length);
}

/** The topics that are not those of the marks. A topic without a mark may be any: whoever committed knows of none. */
export function topicsUnlike(
  committed: ReadonlyMap<string, number>,
  applicationId: string,
  ids: ReadonlyMap<string, string>,
): readonly string[] {
  const topics: string[] = [];
  for (const [topic, id] of ids) {
    const mark = committed.get(nameOf(topic, applicationId));
    if (mark !== undefined && mark !== markOf(id)) topics.push(topic);
  }
  return topics;
}

function nameOf(topic: string, applicationId: string): string {
  return `${prefix}${topic.slice(applicationId.length + 1)}`;
}

function markOf(id: string): number {
  return murmur2(encodeUtf8(id)) >>> 0;
}
