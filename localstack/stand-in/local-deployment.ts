import type { DeliveredOutput } from "../endpoint/delivery.ts";
import { createSecret, functionVariables } from "./aws-api.ts";
import { bootstrap, type Deployed, type DeployOptions, deployAll } from "./deployment.ts";
import { startHttpsEndpoint } from "./https-endpoint.ts";
import type { Skipped } from "./python.ts";
import { type StandIn, type StandInOptions, startStandIn } from "./stand-in.ts";

/** All stacks of this project on a stand-in for AWS, with an endpoint that takes results. */
export interface LocalDeployment {
  readonly standIn: StandIn;
  /** To deploy again, or to destroy. */
  readonly options: DeployOptions;
  readonly outputs: Deployed["outputs"];
  /** What the endpoint has taken, signed as it should be, in the order in which it came. */
  readonly delivered: readonly DeliveredOutput[];
  readonly tables: { readonly entities: string; readonly progress: string };
  readonly bucket: string;
  stop(): Promise<void>;
}

export interface LocalDeploymentOptions extends DeployOptions, Pick<StandInOptions, "kafkaBroker"> {
  /** Told as each step is done. */
  readonly onStep?: (what: string) => void;
}

/** Signs what the endpoint of a local deployment gets; it guards nothing. */
const signingSecret = `whsec_${Buffer.alloc(32, "tidemark").toString("base64")}`;

/**
 * Starts the stand-in and an endpoint, and deploys every stack with the pipelines of `cdk.json`, as changed by `settings`. One pipeline
 * at least has to read from Kafka: what its function is given says where state and results are.
 *
 * @throws {Error} the CDK fails; says what it says.
 */
export async function startLocalDeployment(options: LocalDeploymentOptions): Promise<LocalDeployment | Skipped> {
  const { onStep = () => {}, kafkaBroker } = options;
  const delivered: DeliveredOutput[] = [];
  const onAccepted = async (outputs: readonly DeliveredOutput[]) => void delivered.push(...outputs);
  const endpoint = await startHttpsEndpoint({ secrets: [signingSecret], onAccepted });
  if ("skipped" in endpoint) return endpoint;
  const { certificateFile } = endpoint;
  const standIn = await startStandIn({ certificateFile, ...(kafkaBroker ? { kafkaBroker } : {}) });
  if ("skipped" in standIn) {
    await endpoint.stop();
    return standIn;
  }
  onStep(`the stand-in for AWS answers at ${standIn.url}`);
  const stop = async () => {
    await standIn.stop();
    await endpoint.stop();
  };
  try {
    const secretArn = await createSecret(standIn, "tidemark-endpoint", signingSecret);
    const settings = {
      "tidemark.endpoint.url": endpoint.url,
      "tidemark.endpoint.secretArn": secretArn,
      ...options.settings,
    };
    const { output, signal } = options;
    const deployOptions = { output, settings, ...(signal && { signal }) };
    await bootstrap(standIn, deployOptions);
    onStep("cdk bootstrap is done");
    const { outputs } = await deployAll(standIn, deployOptions);
    onStep(`cdk deploy --all is done: ${Object.keys(outputs).join(", ")}`);
    return { standIn, options: deployOptions, outputs, delivered, ...(await placesOf(standIn)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function placesOf(standIn: StandIn): Promise<Pick<LocalDeployment, "tables" | "bucket">> {
  const variables = await functionVariables(standIn, "tidemark-finalize");
  const { ENTITIES_TABLE: entities = "", PROGRESS_TABLE: progress = "", OUTPUT_BUCKET: bucket = "" } = variables;
  return { tables: { entities, progress }, bucket };
}
