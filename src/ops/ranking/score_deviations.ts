/**
 * How far each query's scores are spread, over all candidates that are not hidden, without ever holding all scores.
 *
 * @module
 */
import { getKernel } from "../../gpu/kernel.ts";
import { PacedQueue, runOnce } from "../../gpu/paced_queue.ts";
import { Scratch } from "../../gpu/scratch.ts";
import type { GpuDevice } from "../../gpu/device.ts";
import { createTensor, readFloats } from "../../gpu/tensor.ts";
import scoreMoments from "../../../kernels/score_moments.wgsl" with { type: "text" };
import type { SparsePattern } from "../../sparse/csr.ts";
import { valued } from "../../sparse/matrix_sums.ts";
import { Tape } from "../../tape/tape.ts";
import type { SparseScores } from "./sparse_scores.ts";
import { type Ranked, recordTiles, uploadSeen } from "./tiles.ts";

/**
 * Products whose scores are multiplied, for each query, by a weight over the deviation of its scores; by 0 where all
 * its scores are equal.
 */
export function standardised(
  products: readonly SparseScores[],
  deviations: Float64Array,
  weight: number,
): SparseScores[] {
  const factors = standardFactors(deviations, weight);
  return products.map((product) => {
    const { queries } = product, ofRows = valued(queries, (query) => factors[query]!);
    const value = ofRows.value.map((factor, e) => factor * queries.value[e]!);
    return { ...product, queries: { ...queries, value } };
  });
}

/** For each query, a weight over the deviation of its scores; 0 where all its scores are equal. */
export function standardFactors(
  deviations: Float64Array,
  weight: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from(deviations, (each) => each > 0 ? weight / each : 0);
}

/**
 * The standard deviation of each query's scores.
 *
 * @param seen Queries × candidates that do not count.
 * @param record Records what makes the vectors of all queries and candidates, with ids from 0.
 * @throws {GpuError} when the GPU fails.
 */
export async function scoreDeviations(
  gpu: GpuDevice,
  label: string,
  seen: SparsePattern,
  record: (tape: Tape) => Ranked,
): Promise<Float64Array<ArrayBuffer>> {
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const moments = resources.use(createTensor(gpu, "moments of scores", [seen.rowCount, 4]));
  const hidden = resources.use(uploadSeen(gpu, seen));
  const tape = new Tape(gpu, label, scratch);
  const vectors = resources.use(tape.program);
  const tiles = resources.use(
    recordTiles(tape, record(tape), hidden, [1, 2], (program, { tensors, rows }) => {
      const kernel = getKernel(gpu, { name: "score_moments", code: scoreMoments });
      program.dispatch(kernel, { ...tensors, moments }, { row_stride: rows }, {
        invocations: rows,
      });
    }),
  );
  tape.finish();
  await runOnce(vectors);
  const queue = new PacedQueue(gpu, label);
  await queue.add(tiles.replays());
  queue.flush();
  const [read] = await readFloats(gpu, moments);
  return Float64Array.from({ length: seen.rowCount }, (_, query) => {
    const [count, , spread] = read!.subarray(4 * query, 4 * query + 3);
    return count! > 0 ? Math.sqrt(spread! / count!) : 0;
  });
}
