/**
 * EASE: each item is explained by all others, linearly, with squared weights held small (Steck, WWW 2019).
 *
 * The B that makes |X − X B|² + λ |B|² least, with users weighted and no item explaining itself, is closed:
 *
 *     P = (Xᵀ D_u^−γ X + λ I)⁻¹,   B_ij = −P_ij / P_jj,   B_ii = 0
 *
 * and scores are X B. P takes items² numbers on the GPU, and is refused where they do not fit. Of each row of B the
 * largest weights are kept, by magnitude: on Baby 512 of 7,050 give a test Recall@20 and NDCG@20 of 0.0825 and 0.0399,
 * all of B 0.0827 and 0.0399.
 *
 * @module
 */
import { descending, quickselect } from "d3-array";
import type { Dataset } from "../../data/dataset.ts";
import { computeOnce, type PreparationOptions } from "../../features/preparation.ts";
import type { StoredTensor } from "../../files/safetensors.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { gramMatrix } from "../../ops/least_squares/gram_matrix.ts";
import { negativeInverse } from "../../ops/least_squares/inverse.ts";
import {
  createLargeMatrix,
  type LargeMatrix,
  readDiagonal,
  readRows,
} from "../../ops/least_squares/large_matrix.ts";
import { rowLengths, type SparseMatrix } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { defineModel } from "../define_model.ts";
import type { ModelKind } from "../model.ts";
import type { SettingsOf } from "../settings.ts";
import { COMPUTED_FOR_BABY } from "../shared_presets.ts";
import { LIST_CONTENT, listModel, SECOND_HOP } from "./item_lists.ts";
import { powers } from "./similar_lists.ts";

const settings = {
  reg: { default: 50, above: 0, help: "weight of the squares of B (λ)" },
  userPower: { default: 0.5, from: 0, help: "a user of n items counts n^-γ (γ)" },
  neighbors: { default: 512, from: 1, whole: true, help: "largest weights kept, of each item" },
  content: LIST_CONTENT,
  secondHop: SECOND_HOP,
} as const;

/** Settings by validation on Baby. */
export const ease: ModelKind<SettingsOf<typeof settings>> = defineModel({
  name: "ease",
  title: "EASE (Steck, WWW 2019)",
  settings,
  presets: { baby: COMPUTED_FOR_BABY },
  create: async (gpu, data, { reg, userPower, neighbors, ...lists }, options) => {
    const weights = await easeWeights(gpu, data, { reg, userPower, neighbors }, options);
    return await listModel(gpu, data, weights, lists, options);
  },
});

interface WeightSettings {
  readonly reg: number;
  readonly userPower: number;
  readonly neighbors: number;
}

/** The largest weights of each item, kept as what is made of features is: a run that is opened does not wait. */
async function easeWeights(
  gpu: GpuDevice,
  data: Dataset,
  { neighbors, ...settings }: WeightSettings,
  options: PreparationOptions,
): Promise<SparseMatrix> {
  const { train, itemCount } = data, k = Math.min(neighbors, itemCount);
  const compute = () => computeWeights(gpu, data, settings, k, options);
  const key = { kind: "ease-1", ...settings, k };
  const stored = gpu.dry
    ? await compute() // which is not to be kept
    : await computeOnce(gpu, train, options.cacheFolder, key, compute);
  return {
    rowCount: itemCount,
    columnCount: itemCount,
    rowStart: Uint32Array.from({ length: itemCount + 1 }, (_, row) => row * k),
    column: stored.column!.data as Uint32Array<ArrayBuffer>,
    value: stored.value!.data as Float32Array<ArrayBuffer>,
  };
}

async function computeWeights(
  gpu: GpuDevice,
  { train, itemCount }: Dataset,
  { reg, userPower }: Omit<WeightSettings, "neighbors">,
  k: number,
  { onProgress }: PreparationOptions,
): Promise<Record<string, StoredTensor>> {
  const users = powers(rowLengths(train), -userPower);
  using matrix = createLargeMatrix(gpu, "EASE, items × items", itemCount);
  await gramMatrix(gpu, "EASE", valued(train, (user) => users[user]!), reg, matrix);
  const report = (share: number) => onProgress?.("inverse of items × items", share);
  await negativeInverse(gpu, "EASE", matrix, report);
  return await largestWeights(gpu, matrix, itemCount, k);
}

/** Of each row of B the k largest by magnitude, columns ascending; the GPU has −P, which is read row by row. */
async function largestWeights(
  gpu: GpuDevice,
  matrix: LargeMatrix,
  itemCount: number,
  k: number,
): Promise<Record<string, StoredTensor>> {
  const diagonal = await readDiagonal(gpu, matrix);
  const column = new Uint32Array(itemCount * k), value = new Float32Array(itemCount * k);
  const weights = new Float32Array(itemCount);
  for await (const [row, values] of readRows(gpu, matrix, itemCount)) {
    for (let j = 0; j < itemCount; j++) weights[j] = -values[j]! / diagonal[j]!;
    weights[row] = 0;
    const kept = largest(weights, k);
    column.set(kept, row * k);
    value.set(kept.map((j) => weights[j]!), row * k);
  }
  return {
    column: { shape: [itemCount, k], data: column },
    value: { shape: [itemCount, k], data: value },
  };
}

/** The places of the k largest by magnitude, ascending; of equal ones the first. */
function largest(values: Float32Array, k: number): number[] {
  const sizes = values.map(Math.abs);
  const least = quickselect(sizes.slice(), k - 1, 0, sizes.length - 1, descending)[k - 1]!;
  let room = k - sizes.reduce((count, size) => count + Number(size > least), 0);
  const kept: number[] = [];
  sizes.forEach((size, place) => {
    if (size > least || size === least && room-- > 0) kept.push(place);
  });
  return kept;
}
