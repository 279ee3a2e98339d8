/** Neighbours found on the GPU, and the transpose of their graph. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { createTensor, readFloats, readIntegers, write } from "../../../src/gpu/tensor.ts";
import {
  createNeighbourGraph,
  findNeighbours,
  transposeValues,
} from "../../../src/ops/learned_graph/neighbour_graph.ts";
import { Tape } from "../../../src/tape/tape.ts";
import { createRandom } from "../../../src/random.ts";
import { uniformFloats } from "../made_epoch.ts";
import { inner, madeGraph, uploadGraph } from "../made_graph.ts";

const random = createRandom(31);

Deno.test("learned lists are of the largest inner products, itself among them", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const [itemCount, k, dim, modalities] = [23, 4, 8, 2];
  const vectors = Array.from(
    { length: modalities },
    () => unitRows(uniformFloats(random, itemCount * dim), dim),
  );
  const fixed = vectors.map((_, m) => ({
    ids: Uint32Array.from({ length: itemCount * k }, (_, place) => (place + m) % itemCount),
    values: uniformFloats(random, itemCount * k),
  }));
  using graph = createNeighbourGraph(gpu, itemCount, k, fixed);
  const tape = new Tape(gpu, "neighbours", scratch);
  vectors.forEach((data, modality) => {
    const x = tape.take(`x ${modality}`, [itemCount, dim]);
    write(gpu, x, data);
    findNeighbours(tape, graph, modality, x);
  });
  using program = tape.program;
  program.run();
  const [column] = await readIntegers(gpu, graph.matrix.column);
  const [similarity] = await readFloats(gpu, graph.similarity);
  for (let row = 0; row < itemCount; row++) {
    const list = (block: number) =>
      Array.from(column!.subarray(row * 4 * k + block * k, row * 4 * k + (block + 1) * k));
    vectors.forEach((x, modality) => {
      const cosine = (id: number) => inner(x, row, x, id, dim);
      const nearest = Array.from({ length: itemCount }, (_, id) => id)
        .sort((a, b) => cosine(b) - cosine(a)).slice(0, k);
      assertEquals(list(modality), nearest);
      assertEquals(nearest[0], row);
      const given = fixed[modality]!;
      assertEquals(list(2 + modality), Array.from(given.ids.slice(row * k, (row + 1) * k)));
      const first = row * 4 * k + (2 + modality) * k;
      assertEquals(similarity!.slice(first, first + k), given.values.slice(row * k, (row + 1) * k));
    });
  }
});

Deno.test("the transpose has every entry at its column, in the order of rows", async () => {
  using gpu = await openDevice();
  using scratch = new Scratch(gpu);
  const made = madeGraph(random, { itemCount: 9, modalities: 1, k: 3 });
  using graph = await uploadGraph(gpu, made);
  using values = createTensor(gpu, "values", [9, 6], made.similarity);
  const tape = new Tape(gpu, "transpose", scratch);
  transposeValues(tape, { ...graph, matrix: { ...graph.matrix, value: values } });
  using program = tape.program;
  program.run();
  const { rowStart, column, value } = graph.transposed;
  const [start, rows, entries] = await readIntegers(gpu, rowStart, column, graph.transposedEntry);
  const [transposed] = await readFloats(gpu, value);
  for (let item = 0; item < 9; item++) {
    const expected = Array.from(made.column.keys()).filter((place) => made.column[place] === item);
    const of = (array: ArrayLike<number>) =>
      Array.from(array).slice(start![item]!, start![item + 1]!);
    assertEquals(of(entries!), expected);
    assertEquals(of(rows!), expected.map((place) => Math.floor(place / 6)));
    assertEquals(of(transposed!), expected.map((place) => made.similarity[place]!));
  }
});

function unitRows(x: Float32Array<ArrayBuffer>, dim: number): Float32Array<ArrayBuffer> {
  return x.map((value, i) => {
    const row = Math.floor(i / dim);
    return value / Math.sqrt(inner(x, row, x, row, dim));
  });
}
