// The mean of each batch of an epoch, at its end:
//
//     terms_(b, term) = (1/T_b) Σ_t loss_(first + b · batch_size + t)     t = 0 … T_b − 1
//
// One workgroup walks a batch; the partial sums are added as a tree, in a fixed order.
//
//   record   the clock's records, one per batch, of which `size` is T_b
//   loss     one value per triple of the epoch for each term
//   terms    batches × term_count
//
// Dispatched by src/ops/losses/bpr_loss.ts, once per epoch.

struct Params {
  batch_size: u32,
  batches: u32,
  first: u32, // place of the term's losses
  term: u32,
  term_count: u32,
}

@group(0) @binding(0) var<storage, read> record: array<u32>;
@group(0) @binding(1) var<storage, read> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const record_words = 64u;
const size_word = 2u; // where Clock of prelude.wgsl has the size

const workgroup_size = 256u;
var<workgroup> sums: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let batch = workgroup_index(here);
  let inside = batch < params.batches;
  let size = select(0u, record[batch * record_words + size_word], inside);
  var sum = 0.0;
  for (var slot = here.local; slot < size; slot += workgroup_size) {
    sum += loss[params.first + batch * params.batch_size + slot];
  }
  sums[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      sums[here.local] += sums[here.local + half];
    }
  }
  if (inside && here.local == 0u) {
    terms[batch * params.term_count + params.term] = sums[0] / f32(size);
  }
}
