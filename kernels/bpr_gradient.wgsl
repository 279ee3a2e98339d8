// The gradient of the BPR loss, gathered: for each row r of h that the batch touches,
//
//     gradient_r ← gradient_r + Σ_e ± coefficient_triple(e) · h_partner(e)
//
// where a triple (u, p, n) gives u the entries (+, p) and (−, n), p the entry (+, u) and n the entry
// (−, u). The entries of a batch are a CSR over its touched rows, made with the batch: a sparse product
// in place of scattered additions, so that no atomics are needed and the order of sums is fixed.
// Rows that are not touched are left alone.
//
//   batch_start   per batch, where its touched rows begin in `row`; batches + 1 offsets
//   row           touched rows of h, batch after batch
//   entry_start   per touched row, where its entries begin; touched rows + 1 offsets
//   partner       per entry, the other row of h
//   signed_slot   per entry, 2 × the triple's place in its batch, + 1 where the sign is minus
//   coefficient   one value per triple of the batch
//   h, gradient   rows × dim, as vec4
//
// Dispatched by src/ops/losses/bpr_loss.ts.

@group(0) @binding(0) var<storage, read> batch_start: array<u32>;
@group(0) @binding(1) var<storage, read> row: array<u32>;
@group(0) @binding(2) var<storage, read> entry_start: array<u32>;
@group(0) @binding(3) var<storage, read> partner: array<u32>;
@group(0) @binding(4) var<storage, read> signed_slot: array<u32>;
@group(0) @binding(5) var<storage, read> coefficient: array<f32>;
@group(0) @binding(6) var<storage, read> h: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gradient: array<vec4f>;

override dim4: u32; // vec4 per row, and invocations per row
override workgroup_size: u32 = 64;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let invocation = invocation_index(here, workgroup_size);
  let place = batch_start[clock[0]] + invocation / dim4;
  let c = invocation % dim4;
  if (place >= batch_start[clock[0] + 1u]) {
    return;
  }
  var sum = vec4f();
  for (var entry = entry_start[place]; entry < entry_start[place + 1u]; entry++) {
    let weight = coefficient[signed_slot[entry] >> 1u];
    let minus = (signed_slot[entry] & 1u) == 1u;
    sum += select(weight, -weight, minus) * h[partner[entry] * dim4 + c];
  }
  gradient[row[place] * dim4 + c] += sum;
}
