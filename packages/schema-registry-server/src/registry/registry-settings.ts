import type { CompatibilityLevel } from "@millrace/schema-registry";

/** What a registry is set to, beside where it listens and where its broker is. */
export interface RegistrySettings {
  /** Where no subject, context or whole says otherwise. */
  readonly compatibilityLevel: CompatibilityLevel;
  readonly isModeMutable: boolean;
  /** Confluent's open server drops the rule sets that it is given. */
  readonly keepsRuleSets: boolean;
}
