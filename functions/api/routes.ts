import type { ContentViews } from "../../shared/ports/content-views.ts";
import { contentOperations } from "./content-operations.ts";
import { contentRoutes } from "./content-routes.ts";
import type { Operation, Route } from "./operation.ts";
import { purchaseOperations } from "./purchase-operations.ts";
import { type PurchaseDesk, purchaseRoutes } from "./purchase-routes.ts";

/** What the API answers about, by pipeline. Where one isn't deployed its member is missing, and its paths answer 404 and say so. */
export interface ApiApp {
  readonly purchases?: PurchaseDesk | undefined;
  /** Of the pipeline engagement. */
  readonly contents?: ContentViews | undefined;
}

/** All that the API can be asked where every pipeline is deployed. */
export const operations: readonly Operation[] = [...purchaseOperations, ...contentOperations];

export function routesOf({ purchases, contents }: ApiApp): readonly Route[] {
  return [...(purchases ? purchaseRoutes(purchases) : []), ...(contents ? contentRoutes(contents) : [])];
}

/** What is asked for in vain: nothing here answers it. */
export function absentOf(routes: readonly Route[]): readonly Operation[] {
  const answered = new Set(routes.map(({ operation }) => operation));
  return operations.filter((one) => !answered.has(one));
}
