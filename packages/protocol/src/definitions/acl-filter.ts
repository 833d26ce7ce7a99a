import { int8, string } from "../schema/field.ts";

/** What DescribeAcls and DeleteAcls ask for: null, or a kind ANY, stands for all. */
export const aclFilter = {
  resourceTypeFilter: int8(),
  resourceNameFilter: string({ nullable: true }),
  patternTypeFilter: int8({ default: 3 }),
  principalFilter: string({ nullable: true }),
  hostFilter: string({ nullable: true }),
  operation: int8(),
  permissionType: int8(),
};
