/** What twins are, and what several of them do. */

/** Arrays by binding name; vec4 and vec2 bindings as their flat numbers. */
export type Arrays = Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
/** Parameters and override constants by name. */
export type Numbers = Record<string, number>;
/** A row of a gather, with its entries from `first` to `end`. */
export interface WalkedRow {
  readonly row: number;
  readonly first: number;
  readonly end: number;
}

/**
 * The functions that parts declare and their kernels call. Numbers take the place of vec4: `at` and `c`
 * count numbers.
 */
export interface Functions {
  /** The rows that are walked, given all functions. */
  walked_rows(functions: Functions): readonly WalkedRow[];
  /** The first place of a row. */
  first_place(): number;
  /** Where places end. */
  end_place(): number;
  /** The row at a place. */
  row_at(place: number): number;
  /** The first entry of a row. */
  first_entry(place: number, row: number): number;
  /** Where its entries end. */
  end_entry(place: number, row: number): number;
  /** The row that an entry leads to. */
  neighbour_of(entry: number): number;
  /** Its weight. */
  weight_of(entry: number): number;
  /** What a sum becomes, in column c, at its place in the result. */
  result_of(at: number, c: number, sum: number): number;
  /** What is done with a number of a result. */
  finish(at: number, result: number): void;
  /** What the sum for a query and a candidate becomes, and at `at` among the scores. */
  score_of(query: number, candidate: number, sum: number, at: number): number;
  /** The rows of a triple. */
  rows_of(
    slot: number,
    triple: number,
  ): readonly [user: number, positive: number, negative: number];
  /** A number of the matrix of users. */
  user_vector(at: number): number;
  /** A number of the matrix of items. */
  item_vector(at: number): number;
}

/** A kernel's twin, given the functions of its parts' twins. */
export type Twin = (
  tensors: Arrays,
  params: Numbers,
  constants: Numbers,
  functions: Functions,
) => void;

/** A part's twin: its functions for one dispatch. */
export type PartTwin = (tensors: Arrays, params: Numbers, constants: Numbers) => Partial<Functions>;

/** Rows that the current batch fills, of `rows` in blocks of a batch each. */
export function batchRows(t: Arrays, { rows, batch_size }: Numbers): number[] {
  const { size } = clockOf(t);
  return Array.from({ length: rows! }, (_, r) => r).filter((r) => r % batch_size! < size);
}

/** The clock's record, a struct of kernels/prelude.wgsl. */
export function clockOf({ clock }: Arrays) {
  const [batch, count, size, firstPlace, endPlace, staleEnd] = clock!;
  const [first, second] = new Float32Array(clock!.buffer).subarray(6);
  return {
    batch: batch!,
    count: count!,
    size: size!,
    firstPlace: firstPlace!,
    endPlace: endPlace!,
    staleEnd: staleEnd!,
    correction: [first!, second!],
  } as const;
}

export function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

export function forTouchedRows(t: Arrays, visit: (place: number, row: number) => void): void {
  const { firstPlace, endPlace } = clockOf(t);
  for (let place = firstPlace; place < endPlace; place++) {
    visit(place, t.row![place]!);
  }
}
