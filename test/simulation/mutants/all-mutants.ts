import { deliveryMutants } from "./delivery.ts";
import { factMutants } from "./facts.ts";
import type { Mutant } from "./mutant.ts";
import { protocolMutants } from "./protocol.ts";
import { stateMutants } from "./state.ts";
import { watermarkMutants } from "./watermarks.ts";

export const allMutants: readonly Mutant[] = [
  ...[...protocolMutants, ...stateMutants, ...watermarkMutants],
  ...[...factMutants, ...deliveryMutants],
];
