/** What an answer says when there is no other: RFC 9457's problem details. Nothing of the inside is in it. */
export interface Problem {
  /** `about:blank` where the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path or query parameter that can't be used. */
  readonly parameter?: string;
  /** How many messages may stand in the topic although the request failed. */
  readonly writtenAtMost?: number;
}

/** A problem, and the headers that go with it. */
export interface ProblemReply {
  readonly kind: "problem";
  readonly problem: Problem;
  readonly headers?: Readonly<Record<string, string>>;
}

const ours = "urn:problem-type:tidemark";

/** `flaw` goes on where the parameter's name ends: `must not be empty`. What was sent is not repeated. */
export function invalidParameter(parameter: string, flaw: string): ProblemReply {
  const problem = {
    type: `${ours}:invalid-parameter`,
    title: "Invalid parameter",
    status: 400,
    detail: `${parameter} ${flaw}`,
    parameter,
  };
  return { kind: "problem", problem };
}

export function notFound(): ProblemReply {
  const detail = "There is nothing at this path; GET /openapi.json says what there is.";
  return { kind: "problem", problem: { type: "about:blank", title: "Not Found", status: 404, detail } };
}

/** The path is known, but not here: `pipeline` answers it, and this deployment doesn't have that. */
export function notDeployed(pipeline: string): ProblemReply {
  const detail = `This path is about the pipeline ${pipeline}, and isn't deployed here; GET /openapi.json says what there is.`;
  return { kind: "problem", problem: { type: `${ours}:not-deployed`, title: "Not deployed", status: 404, detail } };
}

export function methodNotAllowed(allow: string): ProblemReply {
  const detail = `This path answers ${allow} only.`;
  const problem = { type: "about:blank", title: "Method Not Allowed", status: 405, detail };
  return { kind: "problem", problem, headers: { allow } };
}

/** `retryAfterSeconds`: when it may be worth another try. */
export function notAccepted(detail: string, writtenAtMost: number, retryAfterSeconds: number): ProblemReply {
  const problem = {
    type: `${ours}:not-accepted`,
    title: "Messages not accepted",
    status: 503,
    detail,
    writtenAtMost,
  };
  return { kind: "problem", problem, headers: { "retry-after": String(retryAfterSeconds) } };
}

/** `requestId` leads to the line in the log that says why. */
export function internalError(requestId: string, writtenAtMost?: number): ProblemReply {
  const problem = {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: `The request could not be answered. The log has the cause under request id ${requestId}.`,
    ...(writtenAtMost !== undefined && { writtenAtMost }),
  };
  return { kind: "problem", problem };
}
