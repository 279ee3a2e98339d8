/**
 * Chooses a model's settings by validation.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { resolve } from "node:path";
import { loadDataset } from "../src/data/load_dataset.ts";
import { type Trial, tune, type Tuned, type TuneOptions } from "../src/experiments/tune.ts";
import { models } from "../src/models/registry.ts";
import { writtenName, writtenValue } from "../src/models/settings.ts";
import {
  abortOnInterrupt,
  rejectUnknown,
  requireText,
  runScript,
  toNumber,
} from "./cli/command_line.ts";
import { findKind } from "./cli/model_kind.ts";
import { modelOptions, type Options, requireOwnOptions, triedFrom } from "./cli/model_options.ts";
import { createProgress } from "./cli/progress.ts";

const HELP = `Trains a model with all combinations of settings and tells which validates best.

usage: deno task tune --model NAME [options]

Any setting of the model, as deno task train --model NAME --help lists them, and of the optimizer
may have several values, with a slash between them: --dim 64/256, --content text=0.8/text=1.2.

  --model NAME            of ${Object.keys(models).join(", ")},
                          or FILE.ts, whose default export defines one
  --data DIR              dataset folder (default: the embedded shop, data/shop)
  --learning-rate X/Y/…   and --weight-decay, --l2, --batch-size likewise
  --trials N              N of the combinations, at random by the seed (default: all)
  --epochs N              at most so many epochs (default: the preset's)
  --eval-every N          epochs between evaluations (default 5)
  --patience N            stop after N evaluations in a row without a better one (default: the
                          preset's)
  --select METRIC         by which settings and states are chosen (default ndcg@20)
  --seed N                seed of everything random (default 1)
  --out DIR               results are kept here, in runs/; a run that was made before is not made
                          again (default runs/tune)
  --json                  print all results as JSON, and nothing else, on stdout
  -h, --help

Only the best is tested. Ctrl-C ends tuning; the same command goes on, inside the run it was in.

example: deno task tune --model ials --dim 16/64 --reg 0.01/0.03/0.1
         deno task tune --model lightgcn --layers 1/2/3 --learning-rate 0.003/0.01 --trials 4`;

const TRAINING = ["learningRate", "weightDecay", "l2", "batchSize"] as const;
const PROTOCOL = ["epochs", "eval-every", "patience", "trials", "seed"] as const;

async function main(): Promise<number | void> {
  const { model } = parseArgs(Deno.args, { string: ["model"] });
  const kind = model === undefined ? undefined : await findKind(model);
  const kinds = [...Object.values(models), ...kind ? [kind] : []];
  const own = ["model", "data", "select", "out", ...TRAINING.map(writtenName), ...PROTOCOL];
  const options: Options = parseArgs(Deno.args, {
    boolean: ["help", "json"],
    string: [...new Set([...own, ...modelOptions(kinds)])],
    alias: { h: "help" },
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  if (!kind) return void requireText("model", undefined);
  requireOwnOptions(kind, options);
  const out = String(options.out ?? "runs/tune");
  const number = (name: string): number | undefined => toNumber(name, options[name]);
  const training = Object.fromEntries(TRAINING.flatMap((name) => {
    const option = writtenName(name), text = options[option];
    if (text === undefined) return [];
    return [[name, String(text).split("/").map((each) => toNumber(option, each)!)]];
  }));
  const data = await loadDataset(
    String(options.data ?? resolve(import.meta.dirname!, "../data/shop")),
  );
  const signal = abortOnInterrupt();
  let line: ReturnType<typeof createProgress> | undefined;
  const select = options.select === undefined ? undefined : String(options.select);
  const asked: TuneOptions = {
    settings: triedFrom(kind, options),
    training,
    trials: number("trials"),
    epochs: number("epochs"),
    evalEvery: number("eval-every"),
    patience: number("patience"),
    seed: number("seed"),
    select,
    out,
    signal,
    onProgress: (done, total, best) => {
      line ??= createProgress({ label: "tune", total, unit: "runs" });
      line.update(done, `best so far ${optionsOf(best)}`);
    },
  };
  let tuned: Tuned;
  try {
    tuned = await tune(kind, data, asked);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error(`stopped; the same command goes on (results are in ${out})`);
    return 130;
  } finally {
    line?.finish();
  }
  const [best] = tuned.trials;
  if (options.json) return console.log(JSON.stringify(tuned.trials, null, 2));
  console.log(tuned.table);
  const test = Object.entries(best!.result.test).map(([name, value]) =>
    `${name} ${value.toFixed(4)}`
  );
  console.log(`\nbest of ${tuned.trials.length}: ${optionsOf(best!)}\ntest: ${test.join(", ")}`);
}

/** A trial as options of `deno task train`. */
function optionsOf({ settings, training }: Trial): string {
  return Object.entries({ ...settings, ...training })
    .map(([name, value]) => `--${writtenName(name)} ${writtenValue(value!)}`).join(" ");
}

if (import.meta.main) await runScript(main);
