import * as z from "zod/mini";
import type { Operation, ParameterSchema, Parameters } from "./operation.ts";
import { problemSchema } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

const failures = {
  400: "A parameter can't be used; the problem names it.",
  500: "Something is broken here; the log says what.",
  503: "Kafka has not taken all messages; the problem says how many may be written.",
} as const;

/** The OpenAPI 3.1 document of these operations, made of the schemas that check their requests. */
export function openApiDocument(operations: readonly Operation[]): Json {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  const paths = [...byPath].map(([path, ofPath]) => [
    path,
    Object.fromEntries(ofPath.map((operation) => [operation.method.toLowerCase(), describeOperation(operation)])),
  ]);
  const answers = operations.map(({ answer }) => [answer.name, jsonSchema(answer.schema)]);
  return {
    openapi: "3.1.0",
    info: {
      title: "Tidemark",
      version: "1",
      description:
        "Operations are tagged with their pipeline; where it isn't deployed, their paths answer 404. " +
        "Requests are signed with AWS Signature Version 4 for the service `execute-api`, unless the deployment says otherwise. " +
        "Amounts in answers are text, as exact decimals.",
    },
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...Object.fromEntries(answers), Problem: jsonSchema(problemSchema) },
      securitySchemes: {
        sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
      },
    },
    security: [{ sigv4: [] }],
  };
}

function describeOperation({ id, pipeline, summary, description, ...operation }: Operation): Json {
  const statuses = operation.mayBeUnavailable ? ([400, 500, 503] as const) : ([400, 500] as const);
  const { answer } = operation;
  return {
    operationId: id,
    tags: [pipeline],
    summary,
    description,
    parameters: [
      ...describeParameters(operation.pathParameters, "path"),
      ...describeParameters(operation.query, "query"),
    ],
    responses: {
      200: { description: answer.description, content: contentOf("application/json", answer.name) },
      ...Object.fromEntries(statuses.map((status) => [status, describeProblem(status)])),
    },
  };
}

function describeParameters(parameters: Parameters, place: "path" | "query"): Json[] {
  return Object.entries(parameters).map(([name, schema]) => {
    const { description, ...rest } = jsonSchema(schema);
    return {
      name,
      in: place,
      required: isRequired(schema),
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function isRequired(schema: ParameterSchema): boolean {
  return !schema.safeParse(undefined).success;
}

function describeProblem(status: keyof typeof failures): Json {
  const seconds = { description: "Seconds until it may be worth another try.", schema: { type: "integer" } };
  return {
    description: failures[status],
    ...(status === 503 && { headers: { "Retry-After": seconds } }),
    content: contentOf("application/problem+json", "Problem"),
  };
}

function contentOf(type: string, name: string): Json {
  return { [type]: { schema: { $ref: `#/components/schemas/${name}` } } };
}

/** As values stand in JSON: a number that is read from a path's text is a number here. OpenAPI 3.1 has this dialect by default. */
function jsonSchema(schema: z.ZodMiniType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "output" });
  return rest;
}
