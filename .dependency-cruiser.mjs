/** Who may import whom. The picture is in docs/ARCHITECTURE.md. */
const adapters = "^shared/(state|objects|kafka|sinks|sources|observability)/";

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      comment: "A file that nothing imports is dead: delete it, or import it.",
      severity: "error",
      from: { orphan: true, pathNot: ["(^|/)(lambda|main|bundle)\\.ts$", "\\.test\\.ts$", "\\.mjs$", "^test/bench/"] },
      to: {},
    },
    {
      name: "core-imports-nothing",
      severity: "error",
      from: { path: "^shared/core/" },
      to: { pathNot: "^shared/core/" },
    },
    {
      name: "ports-import-core-only",
      severity: "error",
      from: { path: "^shared/ports/" },
      to: { pathNot: "^shared/(core|ports)/" },
    },
    {
      name: "a-pipeline-imports-core-and-itself",
      severity: "error",
      from: { path: "^shared/pipelines/([^/]+)/", pathNot: "^shared/pipelines/(attribution|conversions)/" },
      to: { pathNot: ["^shared/core/", "^shared/pipelines/[^/]+\\.ts$", "^shared/pipelines/$1/"] },
    },
    {
      name: "a-join-imports-core-the-join-and-itself",
      comment: "What two pipelines of last touch have in common; it knows neither of them.",
      severity: "error",
      from: { path: "^shared/pipelines/(attribution|conversions)/" },
      to: {
        pathNot: [
          "^shared/core/",
          "^shared/pipelines/[^/]+\\.ts$",
          "^shared/pipelines/last-touch-join/",
          "^shared/pipelines/$1/",
        ],
      },
    },
    {
      name: "runtime-sees-core-ports-and-the-shape-of-a-pipeline",
      comment: "The step comes in as an argument.",
      severity: "error",
      from: { path: "^shared/runtime/" },
      to: { pathNot: ["^shared/(core|ports|runtime)/", "^shared/pipelines/[^/]+\\.ts$"] },
    },
    {
      name: "an-adapter-knows-ports-and-core",
      severity: "error",
      from: { path: adapters },
      to: { path: ["^(functions|localstack|infra|test)/", "^shared/(runtime|pipelines/[^/]+/)"] },
    },
    {
      name: "no-adapter-imports-another",
      severity: "error",
      from: { path: "^shared/(state|objects|kafka|sinks|sources)/" },
      to: { path: "^shared/(state|objects|kafka|sinks|sources)/", pathNot: "^shared/$1/" },
    },
    {
      name: "shipped-code-imports-no-runner-and-no-test",
      severity: "error",
      from: { path: "^(shared|functions)/" },
      to: { path: "^(localstack|test|infra)/" },
    },
    {
      name: "shipped-code-needs-no-dev-dependency",
      severity: "error",
      from: { path: "^(shared|functions)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"], pathNot: "@types" },
    },
    {
      name: "the-runner-imports-no-test",
      comment: "What measures the bundles makes them as a deployment does.",
      severity: "error",
      from: { path: "^localstack/", pathNot: "^localstack/measure-(bundles|batches)\\.ts$" },
      to: { path: "^(test|infra)/" },
    },
    {
      name: "infra-imports-what-it-deploys-and-no-runner-nor-test",
      severity: "error",
      from: { path: "^infra/" },
      to: { path: "^(localstack|test)/" },
    },
    {
      name: "dynamodb-has-one-home",
      severity: "error",
      from: { path: "^(shared|functions|localstack)/", pathNot: "^shared/state/|^functions/aws\\.ts$" },
      to: { path: "node_modules/@aws-sdk/client-dynamodb", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "s3-has-one-home",
      severity: "error",
      from: { path: "^(shared|functions|localstack)/", pathNot: "^shared/objects/|^functions/aws\\.ts$" },
      to: { path: "node_modules/@aws-sdk/client-s3", dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
