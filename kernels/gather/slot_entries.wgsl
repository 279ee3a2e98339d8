// Which entries a gather walks: those of the gathered rows of a batch, for the gradient of the BPR loss by
// the users' rows u or the items' p, n:
//
//     of u_t:  c_t p_t − c_t n_t        of p_t:  c_t u_t        of n_t:  − c_t u_t
//
// where c_t is the coefficient of triple t. Entry 2t stands for the pair (u_t, p_t), entry 2t + 1 for (u_t, n_t).
// The last batch of an epoch may be partial: beyond it rows have no entries.
//
//   coefficient   one value per triple of the batch
//
// Bound by src/ops/losses/bpr_loss.ts.

@group(0) @binding(13) var<storage, read> coefficient: array<f32>;

override of_users: bool; // whether the rows are users'; then `input` holds the items', p above n
override batch_size: u32;

fn first_entry(place: u32, row: u32) -> u32 {
  return 2u * (row % batch_size) + row / batch_size;
}

fn end_entry(place: u32, row: u32) -> u32 {
  let count = select(1u, 2u, of_users);
  return first_entry(place, row) + select(0u, count, row % batch_size < clock.size);
}

fn neighbour_of(entry: u32) -> u32 {
  return entry / 2u + select(0u, entry % 2u * batch_size, of_users);
}

fn weight_of(entry: u32) -> f32 {
  let weight = coefficient[entry / 2u];
  return select(weight, -weight, entry % 2u == 1u);
}
