const nameLengthMax = 249;

/** What is wrong with a topic's name, in words; undefined: it is fine (Kafka: `Topic.validate`). */
export function topicNameFault(name: string): string | undefined {
  if (name === "") return "the topic's name is empty";
  if (name === "." || name === "..") return `the topic's name cannot be "${name}"`;
  if (name.length > nameLengthMax)
    return `the topic's name has ${name.length} characters where ${nameLengthMax} are allowed`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `the topic's name ${JSON.stringify(name)} may hold letters, digits, ".", "_" and "-" alone`;
  return undefined;
}

/** Names that differ in `.` and `_` alone give the same name of a metric, and so exclude each other. */
export function collidingForm(name: string): string {
  return name.replaceAll(".", "_");
}
