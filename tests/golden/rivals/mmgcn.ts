/**
 * Replays mmgcn.json: with tables that are trained, whose gradients the file has, and with fixed ones, as
 * the published code has them.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { write } from "../../../src/gpu/tensor.ts";
import {
  buildMmgcn,
  type MmgcnInputs,
  type MmgcnSettings,
} from "../../../src/models/mmgcn/mmgcn.ts";
import type { BuiltModel } from "../../../src/models/model.ts";
import { adjacency, rowNormalised, toDense } from "../../../src/sparse/graphs.ts";
import { type Compare, flatten, lossAndGradients, type Nested, represent } from "../replay.ts";
import { number, numbers, parameter, type RivalFile, type RivalInput } from "../rival_file.ts";
import { madeModel } from "../../models/made_model.ts";
import { compareForward, type RivalCheck } from "./rival_check.ts";

/** Our names of the modalities, and the file's. */
const BRANCHES = { text: "t_gcn", image: "v_gcn" } as const;

/** Where the file has a parameter of ours: in some columns of one of its own, if not all. */
interface Place {
  readonly name: string;
  readonly from?: number;
  readonly to?: number;
}

/** Graph, representations and those of each modality, loss terms and gradients. */
export const checkMmgcn: RivalCheck = async (gpu, file, input, compare) => {
  const { train } = input.dataset;
  const graph = toDense(rowNormalised(adjacency(train)));
  compare("graphs/mean_aggregation", graph, numbers(file, "graphs/mean_aggregation/values"));
  const inputs = await inputsOf(file, input);
  for (const trainTables of [true, false]) {
    const settings = { ...settingsOf(file), trainTables };
    const told: Compare = (name, ours, theirs) =>
      compare(trainTables ? name : `with fixed tables: ${name}`, ours, theirs);
    const build = (inputs: MmgcnInputs): BuiltModel =>
      madeModel(gpu, input.dataset, buildMmgcn(gpu, train, settings, inputs));
    using model = build(inputs);
    load(gpu, model, file, settings);
    await compareForward(gpu, model, file, told);
    await compareLossOf(gpu, model, file, input, settings, told);
    for (const branch of inputs.branches) {
      using alone = build({ ...inputs, branches: [branch] });
      load(gpu, alone, file, settings);
      const key = `forward/${branch.name}_branch`;
      told(key, await represent(gpu, alone), numbers(file, key));
    }
  }
};

function settingsOf(file: RivalFile): Omit<MmgcnSettings, "trainTables"> {
  return {
    dim: number(file, "config/embedding_size"),
    imageDim: number(file, "config/image_dim_latent"),
    regWeight: number(file, "config/reg_weight"),
    seed: 1,
  };
}

async function inputsOf(file: RivalFile, { dataset }: RivalInput): Promise<MmgcnInputs> {
  const branches = await Promise.all(dataset.modalities.map(async ({ name, features }) => ({
    name,
    features: await features!.read(0, dataset.itemCount),
    width: features!.width,
    mappedWidth: name === "image" ? settingsOf(file).imageDim : undefined,
    preferences: parameter(file, `${BRANCHES[name as keyof typeof BRANCHES]}.preference`),
  })));
  return { ids: parameter(file, "id_embedding"), branches };
}

/** Where the file has a parameter of ours, of so many columns. */
function placeOf(ours: string, columns: number, dim: number): Place {
  if (ours === "ids") return { name: "id_embedding" };
  const [modality, part = "", kind = "", last] = ours.split(".");
  const branch = BRANCHES[modality as keyof typeof BRANCHES];
  const layer = part.replace("layer", "");
  if (part === "preferences") return { name: `${branch}.preference` };
  if (part === "map") return { name: `${branch}.MLP.${kind}` };
  if (kind === "neighbours") return { name: `${branch}.conv_embed_${layer}.weight` };
  if (kind === "self") return { name: `${branch}.linear_layer${layer}.${last}` };
  const name = `${branch}.g_layer${layer}`;
  if (last === "bias") return { name: `${name}.bias` };
  return last === "neighbours"
    ? { name: `${name}.weight`, from: 0, to: columns }
    : { name: `${name}.weight`, from: -dim };
}

/** What the file has in a place, flat. */
function cut(nested: Nested, { from, to }: Place): number[] {
  if (from === undefined) return flatten(nested);
  return (nested as readonly (readonly number[])[]).flatMap((row) => row.slice(from, to));
}

function load(gpu: GpuDevice, model: BuiltModel, file: RivalFile, { dim }: MmgcnSettings): void {
  for (const [name, tensor] of Object.entries(model.parameters)) {
    const place = placeOf(name, tensor.shape.at(-1)!, dim);
    const values = numbers(file, `parameters/${place.name}/values`);
    write(gpu, tensor, Float32Array.from(cut(values, place)));
  }
}

async function compareLossOf(
  gpu: GpuDevice,
  model: BuiltModel,
  file: RivalFile,
  { batch }: RivalInput,
  { dim, regWeight }: MmgcnSettings,
  compare: Compare,
): Promise<void> {
  const { terms, gradients } = await lossAndGradients(gpu, model, batch);
  const penalty = terms.ids! / dim + terms.preferences!;
  const total = terms.bpr! + regWeight * penalty;
  compare("loss/terms/bpr", [terms.bpr!], number(file, "loss/terms/bpr"));
  const key = "loss/terms/reg_unweighted";
  compare(key, [penalty], number(file, key));
  compare("loss/total", [total], number(file, "loss/total"));
  for (const [name, ours] of Object.entries(gradients)) {
    const place = placeOf(name, model.parameters[name]!.shape.at(-1)!, dim);
    const key = `gradients/${place.name}`;
    compare(`${key} (${name})`, ours, cut(numbers(file, key), place));
  }
}
