/**
 * Replays lightgcn_ssc.json and jgcf_ssc.json.
 *
 * @module
 */
import type { Dataset } from "../../../src/data/dataset.ts";
import { builtModel, type Model } from "../../../src/models/model.ts";
import { jgcfSsc } from "../../../src/models/ssc/jgcf_ssc.ts";
import { lightgcnSsc } from "../../../src/models/ssc/lightgcn_ssc.ts";
import { shiftedGraph } from "../../../src/models/ssc/spectrum_shift.ts";
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { diagonal } from "../../../src/sparse/csr.ts";
import { toDense } from "../../../src/sparse/graphs.ts";
import { addMatrices, valued } from "../../../src/sparse/matrix_sums.ts";
import { type Compare, flatten } from "../replay.ts";
import { at, number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareForward, compareLoss, loadParameters, type RivalCheck } from "./rival_check.ts";

const PARAMETERS = { embeddings: ["User.embeddings.weight", "Item.embeddings.weight"] };

/** Graph, representations, loss terms and gradients, with the file's settings and in its variants. */
export const checkSsc: RivalCheck = async (gpu, file, input, compare) => {
  const count = (at(file, "variants/entries") as readonly unknown[]).length;
  await checkEntry(gpu, file, input, "", compare);
  for (let entry = 0; entry < count; entry++) {
    await checkEntry(gpu, file, input, `variants/entries/${entry}/`, compare);
  }
};

async function checkEntry(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  prefix: string,
  compare: Compare,
): Promise<void> {
  const changes = prefix === "" ? {} : at(file, `${prefix}config_changes`) as object;
  const setting = (name: string): number =>
    Number(new Map(Object.entries(changes)).get(name) ?? number(file, `config/${name}`));
  // Without neighbours the file has no lists.
  const dataset = setting("kappa") === 0 ? input.dataset : withLists(input.dataset, file, prefix);
  const shared = {
    dim: setting("embedding_size"),
    layers: setting("n_layers"),
    neighbors: setting("kappa"),
    shift: setting("mu"),
    scale: setting("delta"),
    imageWeight: setting("weight4mAdj"),
  };
  const ofJgcf = file.model.startsWith("JGCF");
  using model: Model = ofJgcf
    ? await jgcfSsc.create(gpu, dataset, {
      ...shared,
      a: setting("alpha"),
      b: setting("beta"),
      alpha: setting("weight4mid"),
      scaling: setting("scaling_factor"),
      regWeight: setting("weight_decay"),
    })
    : await lightgcnSsc.create(gpu, dataset, shared);
  if (prefix === "") {
    const joint = await shiftedGraph(gpu, dataset, shared, {});
    const shifted = addMatrices(joint, valued(diagonal(joint.rowCount)), -shared.shift);
    compare("graphs/adj", toDense(shifted).map((x) => x / shared.scale), denseGraph(file));
  }
  const names = {
    parameters: PARAMETERS,
    terms: { bpr: "bpr", ...(ofJgcf ? { norms: "embedding_l2_unweighted" } : {}) },
  };
  const built = builtModel(model);
  loadParameters(gpu, built, file, names);
  await compareForward(gpu, built, file, compare, prefix);
  await compareLoss(gpu, built, file, input, names, compare, prefix);
}

/** The dataset with the file's lists of neighbours, of which each item is its own first. */
function withLists(dataset: Dataset, file: RivalFile, prefix: string): Dataset {
  const lists = { text: "textual", image: "visual" };
  const modalities = Object.entries(lists).map(([name, their]) => {
    const key = `${prefix}graphs/${their}_neighbours`;
    const rows = numbers(file, key) as readonly (readonly number[])[];
    const limit = rows[0]!.length - 1;
    return {
      name,
      neighbours: {
        source: key,
        itemCount: dataset.itemCount,
        limit,
        nearest: (k: number) => Uint32Array.from(rows.flatMap((row) => row.slice(1, k + 1))),
        cosines: (k: number) => new Float32Array(rows.length * k),
      },
    };
  });
  return { ...dataset, modalities };
}

/** The file's graph, which it has entry by entry. */
function denseGraph(file: RivalFile): number[] {
  const [rows, cols, values] = ["rows", "cols", "values"].map((key) =>
    flatten(numbers(file, `graphs/adj/${key}`))
  );
  const size = flatten(numbers(file, "graphs/adj/shape"))[0]!;
  const dense = new Array<number>(size * size).fill(0);
  values!.forEach((value, e) => dense[rows![e]! * size + cols![e]!] = value);
  return dense;
}
