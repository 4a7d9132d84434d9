import { Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { alarmsFor, type Watched } from "./alarms.ts";
import { addDashboards } from "./dashboard.ts";

export interface WatchStackProps extends StackProps {
  readonly watched: Watched;
  readonly key: IKey;
}

/** Alarms, whom they go to, and dashboards. */
export class WatchStack extends Stack {
  constructor(scope: Construct, id: string, { watched, key, ...props }: WatchStackProps) {
    super(scope, id, props);
    const { name, watch } = watched.system;
    const topic = new Topic(this, "Alarms", { topicName: `${name}-alarms`, masterKey: key, enforceSSL: true });
    // A policy of its own, as `enforceSSL` makes one, takes the place of the one that lets alarms in.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": this.account } },
      }),
    );
    if (watch.email) topic.addSubscription(new EmailSubscription(watch.email));
    for (const plan of alarmsFor(watched)) {
      const alarm = new Alarm(this, `Alarm-${plan.id}`, {
        alarmName: `${name}-${plan.id}`,
        alarmDescription: `${plan.says}. What to do: docs/guide/runbook.md#${plan.section}`,
        metric: plan.metric,
        threshold: plan.threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: plan.periods,
        // Nothing to do is nothing to fear.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    if (watch.dashboards) addDashboards(this, watched);
    new CfnOutput(this, "AlarmTopic", { value: topic.topicArn, description: "subscribe to it whoever is on call" });
  }
}
