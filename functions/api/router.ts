import type { Context } from "hono";
import { Hono } from "hono/tiny";
import type { GatewayRequest } from "./gateway-event.ts";
import { openApiDocument } from "./openapi.ts";
import type { Operation, Parameters, Reply, Route, Values } from "./operation.ts";
import { invalidParameter, methodNotAllowed, notDeployed, notFound, type ProblemReply } from "./problem.ts";

/** What hono hands on to the routes: the request as the gateway's event has it. */
interface Bindings {
  readonly request: GatewayRequest;
  readonly signal: AbortSignal | undefined;
}
type Env = { Bindings: Bindings };

const documentPath = "/openapi.json";
/** What a URL can be asked by. Any other method is as good as this one that no route has. */
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const noMethod = "OTHER";

/**
 * Answers requests by routes. HEAD is answered wherever GET is; OPTIONS says which methods there are, and no more: whether another site's
 * pages may ask is the gateway's to say. A path that ends in a word may have a slash behind it. `absent`: operations that nobody answers
 * here, and whose paths say so.
 * @throws what a route throws.
 */
export function createRouter(routes: readonly Route[], absent: readonly Operation[]) {
  // The path comes from the event, not from a URL, which would resolve `..` and drop line breaks.
  const app = new Hono<Env>({ getPath: (_, options) => encodedPath(options?.env as Bindings) });
  for (const one of routes) {
    app.on(one.operation.method, pattern(one.operation.path), (c) => runRoute(one, c));
  }
  const operations = routes.map(({ operation }) => operation);
  app.get(documentPath, () => respondTo({ kind: "answer", content: openApiDocument(operations) }));
  const byPath = Map.groupBy(routes, ({ operation }) => operation.path);
  for (const [path, ofPath] of byPath) {
    const taken = ofPath.map(({ operation }) => operation.method);
    refuseOthers(app, pattern(path), taken);
  }
  refuseOthers(app, documentPath, ["GET"]);
  for (const { path, pipeline } of absent) app.all(pattern(path), () => respondTo(notDeployed(pipeline)));
  app.notFound(() => respondTo(notFound()));
  app.onError((error) => {
    throw error;
  });
  return async (request: GatewayRequest, signal: AbortSignal | undefined): Promise<Response> => {
    const method = methods.has(request.method) ? request.method : noMethod;
    return app.fetch(new Request("https://api.invalid/", { method }), { request, signal });
  };
}

export function respondTo(reply: Reply<unknown>): Response {
  const always = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  if (reply.kind === "answer") {
    const headers = { ...always, "content-type": "application/json; charset=utf-8" };
    return new Response(JSON.stringify(reply.content), { headers });
  }
  const { problem } = reply;
  const headers = { ...always, ...reply.headers, "content-type": "application/problem+json; charset=utf-8" };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

async function runRoute({ operation, answer }: Route, c: Context<Env>): Promise<Response> {
  const { request, signal } = c.env;
  const path = readParameters(operation.pathParameters, (name) => [c.req.param(name) ?? ""]);
  if ("problem" in path) return respondTo(path);
  const query = readParameters(operation.query, (name) => request.query.getAll(name));
  if ("problem" in query) return respondTo(query);
  return respondTo(await answer(path.values, query.values, { id: request.id, signal }));
}

/** The parameters' values, or what is wrong with the first that can't be used. */
function readParameters(
  schemas: Parameters,
  textsOf: (name: string) => readonly string[],
): { readonly values: Values<Parameters> } | ProblemReply {
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const texts = textsOf(name);
    if (texts.length > 1) return invalidParameter(name, "must be given once");
    const read = schema.safeParse(texts[0]);
    if (!read.success) return invalidParameter(name, read.error.issues[0]?.message ?? "can't be used");
    values[name] = read.data;
  }
  return { values };
}

function refuseOthers(app: Hono<Env>, path: string, taken: readonly string[]): void {
  const allow = [...taken, ...(taken.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
  app.all(path, (c) =>
    c.req.method === "OPTIONS"
      ? new Response(null, { status: 204, headers: { allow, "cache-control": "no-store" } })
      : respondTo(methodNotAllowed(allow)),
  );
}

/** `/total/{id}` as hono writes it. A parameter may be empty, so that it can be told that it is; the last one takes slashes too. */
function pattern(path: string): string {
  const last = path.lastIndexOf("{");
  return path.replaceAll(/\{(\w+)\}/g, (_, name, at) => `:${name}{${at === last ? ".*" : "[^/]*"}}`);
}

/** Hono decodes the parameters that it takes out of a path. */
function encodedPath({ request }: Bindings): string {
  return request.path.split("/").map(encodeURIComponent).join("/");
}
