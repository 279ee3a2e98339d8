// Adds a softened row of interactions to a row of all items, one row per triple of the current batch:
//
//     scores_ti ← scores_ti + factor · exp(l_ti) / Σ_k exp(l_tk)
//     l_ti = [user_t has i in train] − noise · log(−log(draw_ti + 1e-8) + 1e-8)
//
// A workgroup walks a row twice, for the sum and for the shares, and finds out by bisection what the user
// has. Rows beyond a partial batch stay as they are.
//
//   user                users, one per triple of the epoch
//   row_start, column   CSR of the train items by user, ascending
//   draw                batch size × items, from [0, 1)
//   scores              batch size × items
//
// Dispatched by src/ops/ranking/seen_items.ts, a workgroup per triple.

struct Params {
  items: u32,
  noise: f32,
  factor: f32,
  batch_size: u32,
}

@group(0) @binding(0) var<storage, read> user: array<u32>;
@group(0) @binding(1) var<storage, read> row_start: array<u32>;
@group(0) @binding(2) var<storage, read> column: array<u32>;
@group(0) @binding(3) var<storage, read> draw: array<f32>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const workgroup_size = 128u;
var<workgroup> sums: array<f32, workgroup_size>;

// Whether a row of the CSR, from `first` to `end`, has the item.
fn has(first: u32, end: u32, item: u32) -> bool {
  var low = first;
  var high = end;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (column[middle] < item) {
      low = middle + 1u;
    } else {
      high = middle;
    }
  }
  return low < end && column[low] == item;
}

// −log of what is next to 1 may come out a little below 0, which has no logarithm.
fn gumbel_of(drawn: f32) -> f32 {
  return -log(max(-log(drawn + 1e-8), 0.0) + 1e-8);
}

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let slot = workgroup_index(here);
  let triple = clock.batch * params.batch_size + slot;
  let inside = slot < clock.size;
  var first = 0u;
  var end = 0u;
  if (inside) {
    first = row_start[user[triple]];
    end = row_start[user[triple] + 1u];
  }
  var sum = 0.0;
  for (var item = here.local; inside && item < params.items; item += workgroup_size) {
    let gumbel = gumbel_of(draw[slot * params.items + item]);
    sum += exp(select(0.0, 1.0, has(first, end, item)) + params.noise * gumbel);
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  workgroupBarrier();
  let share = params.factor / sums[0];
  for (var item = here.local; inside && item < params.items; item += workgroup_size) {
    let at = slot * params.items + item;
    let gumbel = gumbel_of(draw[at]);
    scores[at] += share * exp(select(0.0, 1.0, has(first, end, item)) + params.noise * gumbel);
  }
}
