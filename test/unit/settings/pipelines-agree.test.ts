import { expect, it } from "vitest";
import { attribution } from "../../../shared/pipelines/attribution/attribution.ts";
import { conversions } from "../../../shared/pipelines/conversions/conversions.ts";
import { dedupe } from "../../../shared/pipelines/dedupe/dedupe.ts";
import { purchases } from "../../../shared/pipelines/purchases/purchases.ts";
import { windows } from "../../../shared/pipelines/windows/windows.ts";
import { sourceTopics } from "../../../shared/settings/pipeline-definitions.ts";
import { pipelineNames, readSettings } from "../../../shared/settings/settings.ts";

const pipelines = {
  attribution: attribution(readSettings("attribution", {})),
  conversions: conversions(readSettings("conversions", {})),
  dedupe: dedupe(readSettings("dedupe", {})),
  windows: windows(readSettings("windows", {})),
  purchases: purchases(),
};

it.each(pipelineNames)("the settings of %s name the topics that the pipeline itself names", (name) => {
  const { sources, outputTopic } = pipelines[name];
  expect({ sources: sourceTopics[name], outputTopic: readSettings(name, {}).outputTopic }).toEqual({
    sources,
    outputTopic,
  });
});
