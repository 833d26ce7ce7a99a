/** The host of a `Host` header or an address, without port and brackets, in small letters. */
export function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  const name = bracketed?.[1] ?? (host.split(":").length > 2 ? host : host.replace(/:\d+$/, ""));
  return name.toLowerCase().replace(/\.$/, "");
}

export function isLoopbackHost(host: string): boolean {
  const name = hostNameOf(host);
  return name === "localhost" || name === "::1" || /^127(?:\.\d{1,3}){3}$/.test(name);
}
