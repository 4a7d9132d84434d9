import { Fn } from "aws-cdk-lib/core";

/**
 * The ARN of a topic or a consumer group in a cluster: `cluster/NAME/UUID` of the cluster's ARN becomes `KIND/NAME/UUID/RESOURCE`. The
 * cluster's ARN may be known at deployment only.
 */
export function withinCluster(clusterArn: string, kind: "topic" | "group", resource: string): string {
  const parts = Fn.split(":cluster/", clusterArn);
  return `${Fn.select(0, parts)}:${kind}/${Fn.select(1, parts)}/${resource}`;
}
