/**
 * What Lambda runs around a function: loads the handler that _HANDLER names, asks the Runtime API of AWS_LAMBDA_RUNTIME_API for one event
 * after the other, and answers. Only what Lambda's own client loads is loaded before the function is.
 */
const http = process.getBuiltinModule("node:http");
const { pathToFileURL } = process.getBuiltinModule("node:url");
const { join } = process.getBuiltinModule("node:path");

const { AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_FUNCTION_NAME, _HANDLER = "", LAMBDA_TASK_ROOT = "" } = process.env;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function call(method, path, body) {
  const url = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => resolve({ headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function asLambdaTells(error) {
  const { name = "Error", message = String(error), stack = "" } = error ?? {};
  return { errorType: name, errorMessage: message, trace: stack.split("\n") };
}

async function load() {
  const [file, name] = _HANDLER.split(".");
  try {
    return (await import(pathToFileURL(join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href))[name];
  } catch (error) {
    await call("POST", "init/error", asLambdaTells(error));
    process.exit(1);
  }
}

const handler = await load();
for (;;) {
  const { headers, text } = await call("GET", "invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const context = {
    awsRequestId: id,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const answer = await handler(JSON.parse(text), context);
    await call("POST", `invocation/${id}/response`, answer ?? null);
  } catch (error) {
    await call("POST", `invocation/${id}/error`, asLambdaTells(error));
  }
}
