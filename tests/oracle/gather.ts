/** Twins of the gather and its parts. */
import {
  type Arrays,
  clockOf,
  type Functions,
  type PartTwin,
  type Twin,
  type WalkedRow,
} from "./twin.ts";

export const gathers: Record<string, Twin> = {
  /** result = result_of(Σ weight · input_neighbour), whoever walks it */
  gather(t, _, { dim4 }, functions) {
    gatherRows(t.input!, 4 * dim4!, functions.walked_rows(functions), functions);
  },

  /** The same along a graph for a layer mix, the entries two by two: column, weight, column, weight */
  gather_image(t, params, { dim4 }, functions) {
    const all = {
      ...functions,
      ...rowBounds({ row_start: t.pair_start!.map((pair) => 2 * pair) }, params, { row_stride: 1 }),
      ...graphEntries(unpacked(t.entries!), params, {}),
      ...layerMix(t, params, { dim4: dim4! }),
    };
    gatherRows(t.input!, 4 * dim4!, wholeRows(all), all);
  },
};

/** Columns and values of entries of two words each. */
function unpacked(entries: Arrays[string]) {
  return {
    column: entries.filter((_, word) => word % 2 === 0),
    value: new Float32Array(entries.buffer).filter((_, word) => word % 2 === 1),
  };
}

/** All rows at their places, with all of their entries. */
function wholeRows(functions: Functions): WalkedRow[] {
  const { first_place, end_place, row_at, first_entry, end_entry } = functions;
  return Array.from({ length: end_place() - first_place() }, (_, i) => {
    const place = first_place() + i, row = row_at(place);
    return { row, first: first_entry(place, row), end: end_entry(place, row) };
  });
}

function gatherRows(
  input: Arrays[string],
  dim: number,
  rows: readonly WalkedRow[],
  { neighbour_of, weight_of, result_of, finish }: Functions,
): void {
  for (const { row, first, end } of rows) {
    for (let j = 0; j < dim; j++) {
      let sum = 0;
      for (let e = first; e < end; e++) sum += weight_of(e) * input[neighbour_of(e) * dim + j]!;
      const at = row * dim + j;
      finish(at, result_of(at, j, sum));
    }
  }
}

/** Entries row_start … row_start of the next row, or row_start pairs. */
const rowBounds: PartTwin = (t, _, { row_stride = 1 }) => ({
  first_entry: (_, row) => t.row_start![row * row_stride]!,
  end_entry: (_, row) => t.row_start![row * row_stride + 1]!,
});

const graphEntries: PartTwin = (t) => ({
  neighbour_of: (entry) => t.column![entry]!,
  weight_of: (entry) => t.value![entry]!,
});

/** a ⊙ base + b ⊙ sum */
const layerMix: PartTwin = (t, _, { dim4 }) => ({
  result_of: (at, c, sum) => t.weights![c]! * t.base![at]! + t.weights![4 * dim4! + c]! * sum,
});

export const gatherParts: Record<string, PartTwin> = {
  /** All but those that are too long */
  "gather/whole_rows": (_, __, { most_entries }) => ({
    walked_rows: (functions) =>
      wholeRows(functions).filter(({ first, end }) => end - first <= most_entries!),
  }),

  /** The rows that the segments begin with their first parts, whose entries go on to the end of the last */
  "gather/row_segments": (t, { first_segment, end_segment }) => ({
    walked_rows: () => {
      const rows: WalkedRow[] = [];
      for (let number = first_segment!; number < end_segment!;) {
        const [row, first, , parts] = t.segments!.subarray(4 * number);
        if (parts === 0) break;
        number += parts!;
        rows.push({ row: row!, first: first!, end: t.segments![4 * number - 2]! });
      }
      return rows;
    },
  }),

  /** All rows in order */
  "gather/every_row": (_, { rows }) => ({
    first_place: () => 0,
    end_place: () => rows!,
    row_at: (place) => place,
  }),

  /** The rows that the batch touches */
  "gather/batch_rows": (t, _, { with_stale }) => ({
    first_place: () => clockOf(t).firstPlace,
    end_place: () => with_stale === 1 ? clockOf(t).staleEnd : clockOf(t).endPlace,
    row_at: (place) => t.row![place]!,
  }),

  "gather/row_bounds": rowBounds,

  "gather/graph_entries": graphEntries,

  /** The same, each entry as two words: column, bits of the value */
  "gather/packed_entries": (t, params, constants) =>
    graphEntries(unpacked(t.entries!), params, constants),

  "gather/unit_entries": () => ({ neighbour_of: (entry) => entry, weight_of: () => 1 }),

  /** ± coefficient · h_partner */
  "gather/triple_entries": (t) => ({
    first_entry: (place) => t.entry_start![place]!,
    end_entry: (place) => t.entry_start![place + 1]!,
    neighbour_of: (entry) => t.partner![entry]!,
    weight_of: (entry) => {
      const sign = t.signed_slot![entry]! & 1 ? -1 : 1;
      return sign * t.coefficient![t.signed_slot![entry]! >> 1]!;
    },
  }),

  /** ± coefficient · the other row of the pairs (u_t, p_t) and (u_t, n_t) */
  "gather/slot_entries": (t, _, { of_users, batch_size }) => {
    const length = clockOf(t).size;
    const pairs = of_users === 1 ? 2 : 1;
    const first_entry = (_: number, row: number): number =>
      2 * (row % batch_size!) + Math.floor(row / batch_size!);
    return {
      first_entry,
      end_entry: (place, row) => first_entry(place, row) + (row % batch_size! < length ? pairs : 0),
      neighbour_of: (entry) => Math.floor(entry / 2) + (of_users! * entry % 2) * batch_size!,
      weight_of: (entry) => (entry % 2 ? -1 : 1) * t.coefficient![Math.floor(entry / 2)]!,
    };
  },

  /** Numbers need not be told how they are added up */
  "gather/own_sum": () => ({}),
  "gather/shared_sum": () => ({}),

  /** The sum itself */
  "gather/plain_sum": () => ({ result_of: (_at, _c, sum) => sum }),

  "gather/layer_mix": layerMix,

  /** w base + p sum + q own + r earlier */
  "gather/recurrence": (t, _, { base_weight, sum_weight, own_weight, earlier_weight }) => ({
    result_of: (at, _, sum) => {
      const before = earlier_weight === 0 ? 0 : earlier_weight! * t.earlier![at]!;
      return base_weight! * t.base![at]! + sum_weight! * sum + own_weight! * t.own![at]! +
        before;
    },
  }),
};
