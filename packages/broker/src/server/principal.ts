/** Who asks (Kafka: `KafkaPrincipal`). */
export interface Principal {
  readonly kind: "User";
  readonly name: string;
}

/** As Kafka's metadata and rules have it, such as `User:ann`. */
export function principalText({ kind, name }: Principal): string {
  return `${kind}:${name}`;
}

export const anonymous: Principal = Object.freeze({ kind: "User", name: "ANONYMOUS" });
