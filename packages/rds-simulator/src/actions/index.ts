import type { Action } from '../world.ts'
import { describeAccountAttributes } from './account-attributes.ts'
import { describeBlueGreenDeployments } from './blue-green.ts'
import {
  createDBClusterSnapshot,
  deleteDBClusterSnapshot,
  describeDBClusterSnapshots,
  restoreDBClusterFromSnapshot,
} from './cluster-snapshots.ts'
import { deleteDBCluster, describeDBClusterEndpoints, describeDBClusters } from './clusters.ts'
import { createDBInstance, deleteDBInstance, describeDBInstances, modifyDBInstance } from './instances.ts'
import { describeDBProxies, describeDBProxyTargetGroups, describeDBProxyTargets } from './proxies.ts'
import {
  createDBSnapshot,
  deleteDBSnapshot,
  describeDBSnapshots,
  restoreDBInstanceFromDBSnapshot,
} from './snapshots.ts'
import { addTagsToResource, listTagsForResource } from './tags.ts'

/** Every action there is, under its name on the wire. */
export const actions: Readonly<Record<string, Action>> = {
  AddTagsToResource: addTagsToResource,
  CreateDBClusterSnapshot: createDBClusterSnapshot,
  CreateDBInstance: createDBInstance,
  CreateDBSnapshot: createDBSnapshot,
  DeleteDBCluster: deleteDBCluster,
  DeleteDBClusterSnapshot: deleteDBClusterSnapshot,
  DeleteDBInstance: deleteDBInstance,
  DeleteDBSnapshot: deleteDBSnapshot,
  DescribeAccountAttributes: describeAccountAttributes,
  DescribeBlueGreenDeployments: describeBlueGreenDeployments,
  DescribeDBClusterEndpoints: describeDBClusterEndpoints,
  DescribeDBClusterSnapshots: describeDBClusterSnapshots,
  DescribeDBClusters: describeDBClusters,
  DescribeDBInstances: describeDBInstances,
  DescribeDBProxies: describeDBProxies,
  DescribeDBProxyTargetGroups: describeDBProxyTargetGroups,
  DescribeDBProxyTargets: describeDBProxyTargets,
  DescribeDBSnapshots: describeDBSnapshots,
  ListTagsForResource: listTagsForResource,
  ModifyDBInstance: modifyDBInstance,
  RestoreDBClusterFromSnapshot: restoreDBClusterFromSnapshot,
  RestoreDBInstanceFromDBSnapshot: restoreDBInstanceFromDBSnapshot,
}
