import { type AccessControlEntry, patternTypes } from "../../metadata/access-control-entries.ts";
import { anyOperation, anyResource, permissions } from "./access-control-numbers.ts";

/** What rules are looked for by (Kafka: `AclBindingFilter`); null stands for any. */
export interface AccessControlFilter {
  readonly resourceTypeFilter: number;
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

/** True: Kafka cannot read it. A number that has no name matches nothing. */
export function isUnknownFilter(filter: AccessControlFilter): boolean {
  const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = filter;
  return [resourceTypeFilter, patternTypeFilter, operation, permissionType].includes(0);
}

export function matchesFilter(filter: AccessControlFilter, entry: AccessControlEntry): boolean {
  const { resourceTypeFilter, principalFilter, hostFilter, operation, permissionType } = filter;
  return (
    (resourceTypeFilter === anyResource || resourceTypeFilter === entry.resourceType) &&
    matchesName(filter, entry) &&
    (principalFilter === null || principalFilter === entry.principal) &&
    (hostFilter === null || hostFilter === entry.host) &&
    (operation === anyOperation || operation === entry.operation) &&
    (permissionType === permissions.ANY || permissionType === entry.permissionType)
  );
}

/** MATCH asks which rules a name falls under; the others, which rules are written so. */
function matchesName(filter: AccessControlFilter, entry: AccessControlEntry): boolean {
  const { patternTypeFilter: patternType, resourceNameFilter: name } = filter;
  const { ANY, MATCH, PREFIXED } = patternTypes;
  if (patternType !== ANY && patternType !== MATCH && patternType !== entry.patternType)
    return false;
  if (name === null) return true;
  if (patternType !== MATCH) return name === entry.resourceName;
  return entry.patternType === PREFIXED
    ? name.startsWith(entry.resourceName)
    : name === entry.resourceName || entry.resourceName === "*";
}
