import type * as z from "zod/mini";
import type { ProblemReply } from "./problem.ts";

/** Reads a parameter from its text, `undefined` where it wasn't given. Its messages go on where the parameter's name ends. */
export type ParameterSchema = z.ZodMiniType<unknown, string | undefined>;
export type Parameters = Readonly<Record<string, ParameterSchema>>;

/** What a schema's parameters are, once they are read. */
export type Values<P extends Parameters> = { readonly [Name in keyof P]: z.output<P[Name]> };

/** Something that the API can be asked for. The router, validation and the OpenAPI document all read it, so they can't disagree. */
export interface Operation<
  P extends Parameters = Parameters,
  Q extends Parameters = Parameters,
  A extends z.ZodMiniType = z.ZodMiniType,
> {
  /** Unique; generated clients name their functions after it. */
  readonly id: string;
  readonly method: "GET" | "POST";
  /** As OpenAPI writes it: `/total/{id}`. The last parameter takes slashes too: all that the words around it leave. */
  readonly path: string;
  /** Which pipeline keeps what it is about: where that isn't deployed, the path isn't there. */
  readonly pipeline: string;
  readonly summary: string;
  readonly description: string;
  readonly pathParameters: P;
  readonly query: Q;
  /** Of the answer with status 200, and the name it has in the document. */
  readonly answer: { readonly name: string; readonly description: string; readonly schema: A };
  /** Whether it writes to Kafka, which may be out of reach. */
  readonly mayBeUnavailable: boolean;
}

/** Keeps the types of an operation's parameters and answer. */
export function operation<P extends Parameters, Q extends Parameters, A extends z.ZodMiniType>(
  given: Operation<P, Q, A>,
): Operation<P, Q, A> {
  return given;
}

/** What is known of a request beside its parameters. */
export interface RequestContext {
  readonly id: string;
  /** Fires while there is still time to answer. */
  readonly signal: AbortSignal | undefined;
}

export type Reply<A> = { readonly kind: "answer"; readonly content: A } | ProblemReply;

export function answerWith<const A>(content: A): Reply<A> {
  return { kind: "answer", content };
}

/** An operation, and who answers it. */
export interface Route {
  readonly operation: Operation;
  answer(path: Values<Parameters>, query: Values<Parameters>, request: RequestContext): Promise<Reply<unknown>>;
}

/** Joins an operation with the function that answers it, which must take its parameters and give its answer. */
export function route<P extends Parameters, Q extends Parameters, A extends z.ZodMiniType>(
  operation: Operation<P, Q, A>,
  answer: (path: Values<P>, query: Values<Q>, request: RequestContext) => Promise<Reply<z.input<A>>>,
): Route {
  // The router calls it with what it has read by this operation's own schemas.
  return { operation, answer: answer as Route["answer"] };
}
