// Which entries a gather walks: those of the rows of H that the current batch touches, for the gradient of
// the BPR loss by H,
//
//     Σ_e ± coefficient_triple(e) · h_partner(e)
//
// where a triple (u, p, n) gives u the entries (+, p) and (−, n), p the entry (+, u) and n the entry
// (−, u). The entries of a batch are a CSR over its touched rows, made with the batch: a sparse product
// in place of scattered additions, so that the order of sums is fixed.
//
//   entry_start   per touched row, where its entries begin; touched rows + 1 offsets
//   partner       per entry, the other row of H
//   signed_slot   per entry, 2 × the triple's place in its batch, + 1 where the sign is minus
//   coefficient   one value per triple of the batch
//
// Bound by src/ops/losses/bpr_loss.ts.

@group(0) @binding(13) var<storage, read> entry_start: array<u32>;
@group(0) @binding(14) var<storage, read> partner: array<u32>;
@group(0) @binding(15) var<storage, read> signed_slot: array<u32>;
@group(0) @binding(16) var<storage, read> coefficient: array<f32>;

fn first_entry(place: u32, row: u32) -> u32 {
  return entry_start[place];
}

fn end_entry(place: u32, row: u32) -> u32 {
  return entry_start[place + 1u];
}

fn neighbour_of(entry: u32) -> u32 {
  return partner[entry];
}

fn weight_of(entry: u32) -> f32 {
  let weight = coefficient[signed_slot[entry] >> 1u];
  return select(weight, -weight, (signed_slot[entry] & 1u) == 1u);
}
