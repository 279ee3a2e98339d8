/**
 * Finds the items that a trained run holds to be most similar to one.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { similarItems } from "../src/evaluation/recommend.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { openGpu } from "../src/gpu/device.ts";
import { openRun } from "../src/runs/open_run.ts";
import { rejectUnknown, requireNumber, requireText, runScript } from "./cli/command_line.ts";
import { foreignKinds } from "./cli/model_kind.ts";
import { titleOf } from "./cli/recommendations.ts";

const HELP =
  `Finds the items most similar to one, by the cosine of what a trained run makes of them.

usage: deno task similar --run DIR --item ID [--top 10] [--json]

  --model FILE.ts   what defines the run's model, where that is none of this library's

example: deno task similar --run runs/shop-stair-1 --item 42`;

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json"],
    string: ["run", "item", "top", "model"],
    alias: { h: "help" },
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const path = requireText("run", options.run);
  const item = requireNumber("item", options.item);
  const k = requireNumber("top", options.top ?? "10");
  const models = await foreignKinds(options.model);
  using gpu = await openGpu();
  using run = await openRun(gpu, path, { models, cacheFolder: CACHE_FOLDER });
  const similar = await similarItems(run.model, item, { k });
  const { titles } = run.data;
  const title = titleOf(titles, item);
  const named = similar.map((other) => ({ ...other, title: titleOf(titles, other.item) }));
  console.log(
    options.json
      ? JSON.stringify({ item, title, similar: named }, null, 2)
      : [title, ...named.map(({ score, title }) => `  ${score.toFixed(3)}  ${title}`)].join("\n"),
  );
}

if (import.meta.main) await runScript(main);
