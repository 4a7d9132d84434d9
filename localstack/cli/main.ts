import { Command, CommanderError, Option } from "commander";
import { pipelineNames, SettingError } from "../../shared/settings/settings.ts";
import { type CommandIo, processIo } from "./io.ts";
import { printable } from "./printable.ts";
import { UsageError } from "./usage-error.ts";

// Each command's code is loaded when it runs: `tidemark --help` needs no database.
const io = processIo;

/** @returns the command line; a command's answer, where it has one, is the exit code. */
function program(finish: (code: number) => void): Command {
  const runs =
    <A extends unknown[]>(command: (...args: A) => Promise<unknown>) =>
    async (...args: A) => {
      const answer = await command(...args);
      finish(typeof answer === "number" ? answer : 0);
    };
  const tidemark = new Command("tidemark")
    .description("Event-time stream processing: replay, run and look into pipelines on this machine.")
    .exitOverride()
    .configureOutput({ writeErr: (text) => io.err(text.trimEnd()), outputError: () => {} })
    .showHelpAfterError(false);
  const json = () => new Option("--json", "print JSON for machines").default(false);
  const pipeline = () => new Option("--pipeline <name>", `one of ${pipelineNames.join(", ")}`).makeOptionMandatory();
  const collect = (value: string, all: string[]) => [...all, value];
  const set = () =>
    new Option("--set <name=value>", "a setting of the pipeline; may be given more than once")
      .default([])
      .argParser(collect);

  tidemark
    .command("start")
    .description("run everything here: the samples first, then live traffic until Ctrl-C")
    .option("--once", "stop after the samples", false)
    .option("--pipelines <names>", "those to run, with commas between (default: all)")
    .option("--directory <dir>", "where state and outputs stand", ".tidemark")
    .option("--rate <n>", "live records per second, of all topics together", "500")
    .option("--seed <n>", "of the live traffic", "1")
    .option("--port <n>", "of the API; 0: any free one (default: 8081, or any free one)")
    .action(runs(async (flags) => (await import("./start.ts")).startCommand(flags, io)));

  tidemark
    .command("replay")
    .description("run a recorded input through a pipeline, resuming where an earlier run of it stopped")
    .addOption(pipeline())
    .requiredOption("--input <file>", "records as kcat -J prints them, one per line")
    .option("--state <dir>", "the state's directory (default: state in --out)")
    .option("--out <dir>", "where the outputs go", "out")
    .addOption(set())
    .option("--sinks <names>", "the sinks to run (default: the pipeline's own)")
    .option("--batch <n>", "records per delivery at most", "500")
    .option("--partitions <n>", "of each topic (default: what the input needs)")
    .option("--no-drain", "leave the stream open for a later replay with the same state")
    .addOption(json())
    .action(runs(async (flags) => (await import("./replay.ts")).replayCommand(flags, io)));

  tidemark
    .command("generate")
    .description("make sample records for a pipeline: the same seed, the same records")
    .addOption(pipeline())
    .option("--records <n>", "how many", "10000")
    .option("--seed <n>", "of the random numbers", "1")
    .option("--partitions <n>", "of each topic", "3")
    .option("--users <n>", "different users", "20000")
    .option("--start <time>", "event time of the first record", "2024-01-01T12:00:00Z")
    .option("--rate <n>", "records per second of event time", "200")
    .option("--sample", "a dozen records that show what the pipeline does, instead", false)
    .option("--output <file>", "a file instead of standard output")
    .action(runs(async (flags) => (await import("./generate.ts")).generateCommand(flags, io)));

  tidemark
    .command("query")
    .description("ask the outputs in SQL: a view per dataset, such as attributed_page_views")
    .argument("<sql>")
    .option("--out <dir>", "where the outputs stand", "out")
    .addOption(json())
    .action(runs(async (sql, flags) => (await import("./query.ts")).query(sql, flags, io)));

  tidemark
    .command("invoke")
    .description("run one function with one event, the JSON that Lambda would pass, and print its answer")
    .argument("<function>")
    .argument("<event.json>")
    .option("--state <dir>", "the state's directory", ".tidemark/invoke/state")
    .option("--out <dir>", "where the outputs go", ".tidemark/invoke")
    .option("--partitions <n>", "of each topic", "3")
    .addOption(set())
    .action(runs(async (name, event, flags) => (await import("./invoke.ts")).invokeCommand(name, event, flags, io)));

  tidemark
    .command("watermarks")
    .description("how far each partition has come, and what holds it back")
    .addOption(pipeline())
    .option("--state <dir>", "the state's directory", ".tidemark/live/state")
    .addOption(set())
    .addOption(json())
    .action(runs(async (flags) => (await import("./watermarks.ts")).watermarksCommand(flags, io)));

  tidemark
    .command("backfill")
    .description(
      "take engagement events in from their Postgres table, for all sinks or one; what is known changes nothing",
    )
    .requiredOption("--start <time>", "events from then on, by their own time")
    .requiredOption("--end <time>", "events before then")
    .option("--sink <name>", "repair one sink alone")
    .option("--postgres <url>", "where the table is (default: the variable POSTGRES_URL)")
    .option("--aws", "into the deployment that the environment names, as its function backfill would", false)
    .option("--state <dir>", "the state's directory (default: state in --out)")
    .option("--out <dir>", "where the outputs go", "out")
    .option("--abandon", "let go of another backfill that has not come to its end", false)
    .addOption(set())
    .addOption(json())
    .action(runs(async (flags) => (await import("./backfill.ts")).backfillCommand(flags, io)));

  tidemark
    .command("produce")
    .description("write the records of a file to their Kafka topics")
    .requiredOption("--input <file>", "a record file, as generate writes it and kcat -J prints it")
    .option("--cluster <arn>", "the MSK cluster")
    .option("--brokers <list>", "HOST:PORT with commas between, in place of what MSK says of the cluster")
    .option("--auth <kind>", "how brokers are told who writes: iam or none", "iam")
    .addOption(json())
    .action(runs(async (flags) => (await import("./produce.ts")).produceCommand(flags, io)));

  const topics = tidemark.command("topics").description("the Kafka topics that a deployment reads and writes");
  const ofCluster = (command: Command) =>
    command
      .option("--cluster <arn>", "the MSK cluster (default: cluster.arn of the settings)")
      .option("--brokers <list>", "HOST:PORT with commas between: ask these over Kafka's protocol, and not MSK's API")
      .option("--auth <kind>", "how brokers are told who asks: iam or none", "iam")
      .option("--config <file>", "where the settings stand, under context.tidemark", "cdk.json")
      .addOption(json());
  ofCluster(topics.command("check").description("say which are there, with as many partitions as they need")).action(
    runs(async (flags) => (await import("./topics.ts")).topicsCommand("check", flags, io)),
  );
  ofCluster(
    topics.command("create").description("create those that are missing; never changes one that is there"),
  ).action(runs(async (flags) => (await import("./topics.ts")).topicsCommand("create", flags, io)));
  return tidemark;
}

/** Runs a command line. @returns the exit code: 0 done, 1 the work failed, 2 bad usage. */
async function run(argv: readonly string[], output: CommandIo): Promise<number> {
  let code = 0;
  const finish = (answer: number) => {
    code = answer;
  };
  try {
    await program(finish).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (error.code === "commander.help") return 2;
      const message = error.message.replace(/^error: /, "").replace(/\s+/g, " ");
      output.err(printable(`tidemark: ${message}; tidemark --help lists everything`));
      return 2;
    }
    const isUsage = error instanceof UsageError || error instanceof SettingError;
    output.err(printable(`tidemark: ${error instanceof Error ? error.message : String(error)}`));
    if (!isUsage && process.env.TIDEMARK_DEBUG) output.err(String((error as Error)?.stack));
    return isUsage ? 2 : 1;
  }
}

// `tidemark query ... | head` closes the pipe early: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await run(process.argv.slice(2), io);
