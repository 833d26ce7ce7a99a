/** Who asks (Kafka: `KafkaPrincipal`). */
export interface Principal {
  readonly kind: "User";
  readonly name: string;
}

export const anonymous: Principal = Object.freeze({ kind: "User", name: "ANONYMOUS" });
