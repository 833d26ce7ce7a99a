const nameLengthMax = 249;

/** What is wrong with a topic's name, in words; undefined: it is fine (Kafka: `Topic.validate`). */
export function topicNameFault(name: string): string | undefined {
  const fault = faultOf(name);
  return fault === undefined ? undefined : `Topic name is invalid: ${fault}`;
}

function faultOf(name: string): string | undefined {
  if (name === "") return "the empty string is not allowed";
  if (name === "." || name === "..") return `'${name}' is not allowed`;
  if (name.length > nameLengthMax)
    return `the length of '${name}' is longer than the max allowed length ${nameLengthMax}`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  return undefined;
}

/** Names that differ in `.` and `_` alone give the same name of a metric, and so exclude each other. */
export function collidingForm(name: string): string {
  return name.replaceAll(".", "_");
}
