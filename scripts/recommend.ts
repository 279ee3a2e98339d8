/**
 * Recommends items to a user with a trained run.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { seenBefore } from "../src/evaluation/ranking.ts";
import { recommend } from "../src/evaluation/recommend.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { openGpu } from "../src/gpu/device.ts";
import { openRun } from "../src/runs/open_run.ts";
import { rowOf } from "../src/sparse/csr.ts";
import { rejectUnknown, requireNumber, requireText, runScript } from "./cli/command_line.ts";
import { foreignKinds } from "./cli/model_kind.ts";
import { describeUser, titleOf } from "./cli/recommendations.ts";

const HELP = `Recommends items that a user has not bought yet, with a trained run.

usage: deno task recommend --run DIR --user ID [--top 10] [--json]

  --model FILE.ts   what defines the run's model, where that is none of this library's

Items of the train and validation splits are not shown again; those of the test split, which the model
has not seen, are marked.

example: deno task recommend --run runs/shop-stair-1 --user 7`;

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json"],
    string: ["run", "user", "top", "model"],
    alias: { h: "help" },
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const path = requireText("run", options.run);
  const user = requireNumber("user", options.user);
  const k = requireNumber("top", options.top ?? "10");
  const models = await foreignKinds(options.model);
  using gpu = await openGpu();
  using run = await openRun(gpu, path, { models, cacheFolder: CACHE_FOLDER });
  const { data, model } = run;
  const [recommended = []] = await recommend(model, data, { users: [user], k });
  const bought = [...rowOf(seenBefore(data, "test"), user)];
  const heldOut = [...rowOf(data.test, user)];
  if (!options.json) {
    return console.log(describeUser({ user, bought, heldOut, recommended }, data.titles, 20));
  }
  console.log(JSON.stringify(
    {
      user,
      bought: bought.map((item) => ({ item, title: titleOf(data.titles, item) })),
      recommended: recommended.map(({ item, score }) => ({
        item,
        score,
        title: titleOf(data.titles, item),
        heldOut: heldOut.includes(item),
      })),
    },
    null,
    2,
  ));
}

if (import.meta.main) await runScript(main);
