/** An object with some members of its own, and all others of another one. */
export function withMembers<Target extends object>(
  target: Target,
  members: Partial<Target>,
): Target {
  return new Proxy(target, {
    get: (inner, name) => {
      const member: unknown = Reflect.get(name in members ? members : inner, name);
      return typeof member === "function" ? member.bind(inner) : member;
    },
  });
}
