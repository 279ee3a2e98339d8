/**
 * Recommends items to a user with a trained run.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { seenBefore } from "../src/evaluation/ranking.ts";
import { recommend } from "../src/evaluation/recommend.ts";
import { CACHE_FOLDER } from "../src/features/preparation.ts";
import { openDevice } from "../src/gpu/device.ts";
import { requireLength } from "../src/ops/ranking/ranker.ts";
import { rejectUnknown, requireNumber, requireText, runScript } from "./cli/command_line.ts";
import { describeUser, titleOf } from "./cli/recommendations.ts";
import { rowOf } from "../src/sparse/csr.ts";
import { restoreRun } from "../src/runs/open_run.ts";

const HELP = `Recommends items that a user has not bought yet, with a trained run.

usage: deno task recommend --run DIR --user ID [--top 10] [--json]

Items of the train and validation splits are not shown again; those of the test split, which the model
has not seen, are marked.

example: deno task recommend --run runs/shop-stair-1 --user 7`;

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help", "json"],
    string: ["run", "user", "top"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const run = requireText("run", options.run);
  const user = requireNumber("user", options.user);
  const top = requireNumber("top", options.top ?? "10");
  requireLength("top", top);
  using gpu = await openDevice();
  using restored = await restoreRun(gpu, run, { cacheFolder: CACHE_FOLDER });
  const { dataset, model } = restored;
  const [recommended = []] = await recommend(gpu, model, dataset, { users: [user], k: top });
  const bought = [...rowOf(seenBefore(dataset, "test"), user)];
  const heldOut = [...rowOf(dataset.test, user)];
  if (!options.json) {
    return console.log(describeUser({ user, bought, heldOut, recommended }, dataset.titles, 20));
  }
  console.log(JSON.stringify(
    {
      user,
      bought: bought.map((item) => ({ item, title: titleOf(dataset.titles, item) })),
      recommended: recommended.map(({ item, score }) => ({
        item,
        score,
        title: titleOf(dataset.titles, item),
        heldOut: heldOut.includes(item),
      })),
    },
    null,
    2,
  ));
}

if (import.meta.main) await runScript(main);
