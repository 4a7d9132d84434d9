import { CfnNamedQuery, CfnWorkGroup } from "aws-cdk-lib/aws-athena";
import { CfnDatabase, CfnTable } from "aws-cdk-lib/aws-glue";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Stack } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { datasetColumns, datasetOf } from "../../functions/catalog.ts";
import type { Column, ColumnType } from "../../shared/core/row.ts";
import { rejectedEvents } from "../../shared/runtime/rejections.ts";
import { type PipelineName, pipelineNames } from "../../shared/settings/settings.ts";
import type { System } from "../../shared/settings/system.ts";

export interface LakeProps {
  readonly system: System;
  readonly output: Bucket;
  readonly key: Pick<IKey, "keyArn">;
}

/** Below it stand the answers to queries, for a week. */
export const queryResultsPrefix = "query-results/";

/** The bucket's Parquet as tables of SQL: a table per dataset that is written, whose partitions nobody has to register. */
export function addLake(scope: Construct, { system, output, key }: LakeProps): void {
  const databaseName = system.name.replaceAll("-", "_");
  const database = new CfnDatabase(scope, "Database", {
    catalogId: Stack.of(scope).account,
    databaseInput: { name: databaseName, description: `results of ${system.name}` },
  });
  const writers = pipelineNames.filter((name) => system.pipelines[name]?.sinks.includes("s3"));
  for (const dataset of [...writers.map((name) => datasetOf[name]), rejectedEvents]) {
    table(scope, { dataset, databaseName, location: `s3://${output.bucketName}/${dataset}` }).addResourceDependency(
      database,
    );
  }
  const workGroup = new CfnWorkGroup(scope, "WorkGroup", {
    name: system.name,
    description: "queries over results; their answers are encrypted, and go after a week",
    recursiveDeleteOption: false,
    workGroupConfiguration: {
      enforceWorkGroupConfiguration: true,
      publishCloudWatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: 100 * gibibyte,
      resultConfiguration: {
        outputLocation: `s3://${output.bucketName}/${queryResultsPrefix}`,
        encryptionConfiguration: { encryptionOption: "SSE_KMS", kmsKey: key.keyArn },
      },
    },
  });
  for (const { name, description, sql } of [...writers.map(resultsOf), ...rejections]) {
    const query = new CfnNamedQuery(scope, `Query-${name}`, {
      ...{ name: `${system.name}: ${name}`, description, database: databaseName, queryString: sql },
      workGroup: system.name,
    });
    query.addResourceDependency(workGroup);
  }
}

const gibibyte = 1_024 ** 3;

const hiveTypes: Readonly<Record<ColumnType, string>> = {
  ...{ string: "string", timestamp: "timestamp", int32: "int", int64: "bigint" },
  ...{ double: "double", boolean: "boolean", decimal: "decimal(38,6)" },
};

interface TableOptions {
  readonly dataset: string;
  readonly databaseName: string;
  readonly location: string;
}

/** Rejected records stand by topic and partition; everything else by day, which `dt` names. */
function table(scope: Construct, { dataset, databaseName, location }: TableOptions): CfnTable {
  const isDaily = dataset !== rejectedEvents;
  return new CfnTable(scope, `Table-${dataset}`, {
    catalogId: Stack.of(scope).account,
    databaseName,
    tableInput: {
      name: dataset,
      tableType: "EXTERNAL_TABLE",
      parameters: { classification: "parquet", ...(isDaily && byDay(location)) },
      ...(isDaily && { partitionKeys: [{ name: "dt", type: "string" }] }),
      storageDescriptor: {
        location,
        columns: (datasetColumns[dataset] ?? []).map(hiveColumn),
        inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        serdeInfo: { serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
      },
    },
  });
}

/** Partitions follow from the days between two ends: no crawler, and nothing to repair. */
function byDay(location: string): Record<string, string> {
  return {
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
    "projection.dt.range": "2020-01-01,NOW+2DAYS",
    "storage.location.template": `${location}/dt=\${dt}`,
  };
}

function hiveColumn({ name, type }: Column): { name: string; type: string } {
  return { name, type: hiveTypes[type] };
}

interface Query {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

const lastDays = (days: number) => `cast(current_date - interval '${days}' day as varchar)`;

function resultsOf(pipeline: PipelineName): Query {
  const dataset = datasetOf[pipeline];
  return {
    name: `${pipeline}, a day`,
    description: `rows of ${dataset} per day of the last week`,
    sql: `SELECT dt, count(*) AS "rows" FROM ${dataset} WHERE dt >= ${lastDays(7)} GROUP BY dt ORDER BY dt`,
  };
}

const rejections: readonly Query[] = [
  {
    name: "rejected, by reason",
    description: "how many records were rejected in the last week, and why",
    sql: `SELECT pipeline, topic, reason, count(*) AS records, min("timestamp") AS first, max("timestamp") AS last FROM ${rejectedEvents} WHERE "timestamp" > current_timestamp - interval '7' day GROUP BY pipeline, topic, reason ORDER BY records DESC`,
  },
  {
    name: "rejected, with their values",
    description: "the newest rejected records, as they came",
    sql: `SELECT * FROM ${rejectedEvents} ORDER BY "timestamp" DESC LIMIT 100`,
  },
];
