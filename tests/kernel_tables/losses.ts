/** Awkward shapes for the kernels of losses on a batch's gathered rows. */
import { type Case, clockAt, floats } from "./random_case.ts";

/** The third batch of three, which is partial where it is not alone. */
const shapes = [
  { batch: 1, width: 1, lanes: 1 },
  { batch: 9, width: 7, lanes: 4 },
  { batch: 30, width: 64, lanes: 8 },
  { batch: 3, width: 300, lanes: 64 },
  { batch: 35_001, width: 3, lanes: 1, large: true }, // > 65,535 workgroups
].map(({ large = false, ...shape }) => ({
  ...shape,
  clock: clockAt(2, { size: Math.ceil(0.6 * shape.batch) }),
  constants: { workgroup_size: large ? 1 : 64 },
}));

const EPSILON = 0.4;

/** Random rows, of which every third is shorter than EPSILON. */
function shortAndLong(rows: number, width: number): Float32Array<ArrayBuffer> {
  return floats(rows * width).map((x, i) => Math.floor(i / width) % 3 === 1 ? 1e-3 * x : x);
}

export const cases: Record<string, () => Case[]> = {
  cosine_rows: () =>
    shapes.map(({ batch, width, lanes, constants }) => ({
      name: `${2 * batch} × ${width}, ${lanes} lanes`,
      tensors: {
        x: shortAndLong(2 * batch, width),
        y: shortAndLong(2 * batch, width),
        x_length: floats(2 * batch),
        y_length: floats(2 * batch),
        distance: floats(2 * batch),
      },
      params: { rows: 2 * batch, width, epsilon: EPSILON },
      constants: { lanes, ...constants },
      size: { invocations: 2 * batch * lanes },
    })),

  cosine_rows_adjoint: () =>
    shapes.flatMap(({ batch, width, clock, constants }) =>
      [0, 1].map((keep) => ({
        name: `${2 * batch} × ${width}, keep ${keep}`,
        tensors: {
          clock,
          x: floats(2 * batch * width),
          y: floats(2 * batch * width),
          x_length: floats(2 * batch).map(Math.abs),
          y_length: floats(2 * batch).map(Math.abs),
          distance: floats(2 * batch),
          gradient: floats(2 * batch * width),
        },
        params: { rows: 2 * batch, width, epsilon: EPSILON, weight: 0.3, keep, batch_size: batch },
        constants,
        size: { invocations: 2 * batch * width },
      }))
    ),
};
