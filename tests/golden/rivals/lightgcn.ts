/**
 * Replays lightgcn.json.
 *
 * @module
 */
import { lightgcn } from "../../../src/models/lightgcn.ts";
import { builtModel } from "../../../src/models/model.ts";
import { interactionGraph, toDense } from "../../../src/sparse/graphs.ts";
import { number, numbers } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const NAMES = {
  parameters: { embeddings: ["embedding_dict.user_emb", "embedding_dict.item_emb"] },
  terms: { bpr: "bpr", norms: "embedding_norm_unweighted" },
};

/** Graph, representations, loss terms and gradients. */
export const checkLightGcn: RivalCheck = async (gpu, file, input, compare) => {
  const { dataset } = input;
  compare(
    "graphs/norm_adj",
    toDense(interactionGraph(dataset.train)),
    numbers(file, "graphs/norm_adj/values"),
  );
  using model = builtModel(
    await lightgcn.create(gpu, dataset, {
      dim: number(file, "config/embedding_size"),
      layers: number(file, "config/n_layers"),
      regWeight: number(file, "config/reg_weight"),
    }),
  );
  loadParameters(gpu, model, file, NAMES);
  await compareForward(gpu, model, file, compare);
  await compareLoss(gpu, model, file, input, NAMES, compare);
};
