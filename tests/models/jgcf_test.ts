import { assertAlmostEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { represent } from "../golden/replay.ts";
import { DAMPING, jacobiSteps, jgcf } from "../../src/models/jgcf.ts";
import { builtModel } from "../../src/models/model.ts";
import { assertClose } from "../ops/made_epoch.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { assertRefuses, assertResumes, assertTrains } from "./model_runs.ts";

const settings = {
  dim: 8,
  layers: 3,
  a: 1,
  b: 1.1,
  alpha: 0.1,
  regWeight: 0.01,
  squaredPenalty: false,
  seed: 1,
};

Deno.test("JGCF learns, with either penalty, always the same", async () => {
  await assertTrains("jgcf", { dim: 8, regWeight: 0.01 });
  await assertTrains("jgcf", { dim: 8, a: 2, b: 1.1, regWeight: 0.01, squaredPenalty: true });
});

Deno.test("JGCF resumed goes on as if it had not stopped", async () => {
  await assertResumes("jgcf", { dim: 8, a: 1.5, b: 0.5, regWeight: 0.01 });
});

Deno.test("where a = b the recurrence is that of Jacobi polynomials, damped degree by degree", () => {
  // Legendre's polynomials are Jacobi's with a = b = 0: P_3(x) = (5x³ − 3x) / 2.
  const x = 0.6, at = [1];
  for (const [i, { product, own, earlier }] of jacobiSteps({ a: 0, b: 0, layers: 3 }).entries()) {
    at.push((product * x + own) * at[i]! + earlier * (at[i - 1] ?? 0));
  }
  assertAlmostEquals(at[3]! / DAMPING ** 3, (5 * x ** 3 - 3 * x) / 2, 1e-12);
});

Deno.test("without layers all frequencies pass, and JGCF is its embeddings twice", async () => {
  using gpu = await openDevice();
  using model = builtModel(await jgcf.create(gpu, madeDataset(), { ...settings, layers: 0 }));
  const [embeddings] = await readFloats(gpu, model.parameters.embeddings!);
  const expected = new Float64Array(2 * embeddings!.length);
  embeddings!.forEach((x, i) => {
    const place = Math.floor(i / 8) * 16 + i % 8;
    expected[place] = x;
    expected[place + 8] = (settings.alpha - 1) * x;
  });
  assertClose(await represent(gpu, model), expected);
});

Deno.test("JGCF refuses settings out of range in one sentence", async () => {
  await assertRefuses("jgcf", settings, [
    [{ dim: 6 }, "dim is 6, but must be a multiple of 4 from 4 to 256."],
    [{ layers: 1.5 }, "layers is 1.5, but must be a whole number from 0."],
    [{ a: -1 }, "a is -1, but must be above -1."],
    [{ b: Infinity }, "b is Infinity, but must be finite and above -1."],
    [{ alpha: -0.1 }, "alpha is -0.1, but must be 0 or more."],
    [{ regWeight: -1 }, "reg-weight is -1, but must be 0 or more."],
    [{ squaredPenalty: 1 }, "squared-penalty is 1, but must be true or false."],
  ]);
});
