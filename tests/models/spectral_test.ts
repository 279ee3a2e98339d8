/** PureSVD and GF-CF against their formulas in dense loops and f64. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { recommend } from "../../src/evaluation/recommend.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { restoreModel } from "../../src/models/define_model.ts";
import { builtModel } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { writeTensors } from "../../src/models/saved_tensor.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { columnCounts, rowLengths } from "../../src/sparse/csr.ts";
import { toDense } from "../../src/sparse/graphs.ts";
import { valued } from "../../src/sparse/matrix_sums.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const { userCount, itemCount, train } = dataset;
const x = Matrix.from1DArray(userCount, itemCount, toDense(valued(train)));
const d = rowLengths(train), items = columnCounts(train);

const diagonal = (counts: Uint32Array, power: number): Matrix =>
  Matrix.diag(Array.from(counts, (count) => count === 0 ? 1 : count ** power));

/** X D_i^−a (β (X̂ᵀX̂ without its diagonal) + α V Vᵀ) D_i^a */
function scoresOf(dim: number, userPower: number, itemPower: number, alpha: number, beta: number) {
  const normalised = diagonal(d, -userPower).mmul(x).mmul(diagonal(items, -itemPower));
  const together = normalised.transpose().mmul(normalised);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(together, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()]
    .sort((i, j) => realEigenvalues[j]! - realEigenvalues[i]!).slice(0, dim);
  const v = new Matrix(order.map((i) => eigenvectorMatrix.getColumn(i))).transpose();
  for (let i = 0; i < itemCount; i++) together.set(i, i, 0);
  return x.mmul(diagonal(items, -itemPower))
    .mmul(together.mul(beta).add(v.mmul(v.transpose()).mul(alpha)))
    .mmul(diagonal(items, itemPower));
}

const cases = [
  {
    kind: models.pure_svd,
    settings: { dim: 8, userPower: 0.3 },
    scores: scoresOf(8, 0.3, 0.5, 1, 0),
  },
  { kind: models.gf_cf, settings: { dim: 4, lowPass: 0.7 }, scores: scoresOf(4, 0.5, 0.5, 0.7, 1) },
];

for (const { kind, settings, scores } of cases) {
  Deno.test(`${kind.name}'s scores are those of its formula, and a saved one's the same`, async () => {
    using gpu = await openDevice();
    using model = await kind.create(gpu, dataset, settings);
    const users = [0, 7, 59], largest = scores.max();
    const recommended = await recommend(model, dataset, { users, k: itemCount });
    users.forEach((user, at) => {
      for (const { item, score } of recommended[at]!) {
        assertAlmostEquals(score, scores.get(user, item), 5e-3 * largest);
      }
    });
    const { settings: all, parameters } = builtModel(model);
    using restored = builtModel(await restoreModel(gpu, kind, dataset, all));
    const [data] = await readFloats(gpu, parameters.embeddings!);
    const { embeddings } = restored.parameters;
    writeTensors(gpu, { embeddings: embeddings! }, {
      embeddings: { shape: embeddings!.shape, data: data! },
    });
    assertEquals(await recommend(restored, dataset, { users, k: itemCount }), recommended);
  });
}
