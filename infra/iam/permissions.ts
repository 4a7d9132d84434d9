import { Policy, PolicyStatement, type PolicyStatementProps, type Role } from "aws-cdk-lib/aws-iam";
import {
  DefaultTokenResolver,
  type IPostProcessor,
  type IResolvable,
  type IResolveContext,
  Reference,
  Stack,
  Tokenization,
  Validations,
} from "aws-cdk-lib/core";
import { flattenCfnReference } from "cdk-nag/lib/utils/flatten-cfn-reference.js";
import type { Construct } from "constructs";

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: NonNullable<PolicyStatementProps["conditions"]>;
  /** Why a resource can't be named to the end, where there is a `*` in one. */
  readonly because?: string;
}

/** These actions on these resources; nothing where there is no action or no resource. */
export function allow(
  actions: readonly string[],
  resources: readonly string[],
  more: Pick<Permission, "conditions" | "because"> = {},
): Permission[] {
  return actions.length === 0 || resources.length === 0 ? [] : [{ actions, resources, ...more }];
}

/**
 * Lets a role do this and nothing else. Every `*` in a resource has its reason, which the checks of the templates then find.
 * @throws {Error} one has none.
 */
export function policyOf(scope: Construct, id: string, role: Role, permissions: readonly Permission[]): Policy {
  const policy = new Policy(scope, id, { roles: [role], statements: permissions.map(statementOf) });
  acknowledgeWildcards(policy, permissions);
  return policy;
}

export function statementOf({ actions, resources, conditions }: Permission): PolicyStatement {
  return new PolicyStatement({
    actions: [...actions],
    resources: [...resources],
    ...(conditions && { conditions }),
  });
}

/** Gives the checks the reasons for the wildcards in what stands below `construct`. */
export function acknowledgeWildcards(construct: Construct, permissions: readonly Permission[]): void {
  const reasons = new Map<string, Set<string>>();
  for (const { resources, because, actions } of permissions) {
    for (const resource of resources.filter((one) => one.includes("*"))) {
      if (!because) throw new Error(`${actions.join(", ")}: say why ${resource} isn't named to the end`);
      const id = idOf(construct, resource);
      reasons.set(id, (reasons.get(id) ?? new Set()).add(because));
    }
  }
  for (const [id, all] of reasons) Validations.of(construct).acknowledge({ id, reason: [...all].join("; ") });
}

/** How cdk-nag calls the finding: by the resource as it stands in the template. */
function idOf(construct: Construct, resource: string): string {
  const inTemplate = Tokenization.resolve(resource, { scope: construct, resolver: new AsInTemplate(construct) });
  return `AwsSolutions::AwsSolutions-IAM5[Resource::${flattenCfnReference(inTemplate)}]`;
}

/** Resolves what belongs to another stack to that stack's export, as the CDK will do in the end. */
class AsInTemplate extends DefaultTokenResolver {
  readonly #stack: Stack;

  constructor(construct: Construct) {
    super({ join: (left: unknown, right: unknown) => ({ "Fn::Join": ["", [left ?? "", right ?? ""]] }) });
    this.#stack = Stack.of(construct);
  }

  override resolveToken(token: IResolvable, context: IResolveContext, after: IPostProcessor): unknown {
    if (!Reference.isReference(token)) return super.resolveToken(token, context, after);
    const owner = Stack.of(token.target);
    return owner === this.#stack
      ? super.resolveToken(token, context, after)
      : context.resolve(owner.exportValue(token));
  }
}

/** What Lambda does in a function's name to put it, or a poller, into a network. */
export const inNetwork: readonly Permission[] = allow(
  [
    ...["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"],
    ...["ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeSubnets"],
    ...["ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"],
  ],
  ["*"],
  { because: "network interfaces have no name before they are made, and EC2 lists things as a whole" },
);
