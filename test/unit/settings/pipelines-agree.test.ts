import { expect, it } from "vitest";
import { attribution } from "../../../shared/pipelines/attribution/attribution.ts";
import { conversions } from "../../../shared/pipelines/conversions/conversions.ts";
import { dedupe } from "../../../shared/pipelines/dedupe/dedupe.ts";
import { engagement } from "../../../shared/pipelines/engagement/engagement.ts";
import type { FactPipeline, FactRecord, KeyedPipeline, KeyedRecord } from "../../../shared/pipelines/pipeline.ts";
import { purchases } from "../../../shared/pipelines/purchases/purchases.ts";
import { windows } from "../../../shared/pipelines/windows/windows.ts";
import { sourceTopics } from "../../../shared/settings/pipeline-definitions.ts";
import { pipelineNames, readSettings } from "../../../shared/settings/settings.ts";

const pipelines = {
  attribution: attribution(readSettings("attribution", {})),
  conversions: conversions(readSettings("conversions", {})),
  dedupe: dedupe(readSettings("dedupe", {})),
  windows: windows(readSettings("windows", {})),
  engagement: engagement(readSettings("engagement", {})),
  purchases: purchases(),
};

it.each(pipelineNames)("the settings of %s name the topics that the pipeline itself names", (name) => {
  const pipeline: FactPipeline<FactRecord> | KeyedPipeline<KeyedRecord, unknown> = pipelines[name];
  const { sources, outputTopic } = pipeline;
  const tables = pipeline.kind === "facts" && pipeline.lookup ? [pipeline.lookup.topic] : [];
  expect({ sources: sourceTopics[name], outputTopic: readSettings(name, {}).outputTopic }).toEqual({
    sources: [...sources, ...tables],
    outputTopic,
  });
});
