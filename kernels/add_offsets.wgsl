// Margins of a batch's triples with what other scores say added, which are products of sparse matrices and fixed:
//
//     margin_t ← margin_t + Σ_e weight_e (P[column_e, positive(t)] − P[column_e, negative(t)])
//
// over the entries e of the user of t. What is trained by these margins is what the other scores leave over.
//
//   user, positive, negative   an epoch's triples as rows of users, then items
//   q_start, q_entries         users + 1 offsets; entries × 2: row of P, bits of the weight
//   p_start, p_entries         rows of P + 1 offsets; entries × 2: item, ascending in each row, bits of the value
//   margin                     one value per triple of the batch
//
// Dispatched by src/ops/losses/score_offsets.ts, one invocation per triple.

struct Params {
  batch_size: u32,
  users: u32,
}

@group(0) @binding(0) var<storage, read> user: array<u32>;
@group(0) @binding(1) var<storage, read> positive: array<u32>;
@group(0) @binding(2) var<storage, read> negative: array<u32>;
@group(0) @binding(3) var<storage, read> q_start: array<u32>;
@group(0) @binding(4) var<storage, read> q_entries: array<vec2u>;
@group(0) @binding(5) var<storage, read> p_start: array<u32>;
@group(0) @binding(6) var<storage, read> p_entries: array<vec2u>;
@group(0) @binding(7) var<storage, read_write> margin: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

override workgroup_size: u32 = 64;

// The value of an item in a row of P, by bisection; 0 where the row has it not.
fn value_at(row: u32, item: u32) -> f32 {
  var low = p_start[row];
  let end = p_start[row + 1u];
  var high = end;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (p_entries[middle].x < item) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  if (low < end && p_entries[low].x == item) {
    return bitcast<f32>(p_entries[low].y);
  }
  return 0.0;
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let slot = invocation_index(here, workgroup_size);
  if (slot >= clock.size) {
    return;
  }
  let triple = clock.batch * params.batch_size + slot;
  let own = user[triple];
  let p = positive[triple] - params.users;
  let n = negative[triple] - params.users;
  var sum = 0.0;
  for (var e = q_start[own]; e < q_start[own + 1u]; e++) {
    let entry = q_entries[e];
    sum += bitcast<f32>(entry.y) * (value_at(entry.x, p) - value_at(entry.x, n));
  }
  margin[slot] += sum;
}
