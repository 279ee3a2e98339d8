// The rows of a contrast: with own_ij = ⟨a_i, a_j⟩, across_ij = ⟨a_i, b_j⟩ over the slots i, j of the
// current batch,
//
//     total_i = Σ_{j≠i} exp(own_ij / τ) + Σ_j exp(across_ij / τ) = exp(largest_i / τ) · exp(log_sum_i)
//     share_i = exp(across_ii / τ) / total_i,   loss_i = −log(share_i + 1e-8)
//
// with largest_i the largest of these products, all 0 in slots beyond a partial batch. A workgroup walks a
// row: its largest product, then the sum. Where τ is small, largest_i / τ is large: what is taken from it is
// taken before the division, lest its rounding become an error of the share.
//
// Only the rows from first_row to before end_row are walked.
//
//   own, across   batch size × batch size
//   total         per slot: largest, log_sum
//   share, loss   one number per slot
//
// Dispatched by src/ops/losses/contrastive_loss.ts, a workgroup per row.

struct Params {
  inverse_tau: f32,
  batch_size: u32,
  first_row: u32,
  end_row: u32,
}

@group(0) @binding(0) var<storage, read> own: array<f32>;
@group(0) @binding(1) var<storage, read> across: array<f32>;
@group(0) @binding(2) var<storage, read_write> total: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> share: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const workgroup_size = 64u;
var<workgroup> parts: array<f32, workgroup_size>;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let i = params.first_row + workgroup_index(here);
  let length = clock.size;
  let inside = i < min(length, params.end_row);
  let first = i * params.batch_size;
  var largest = -3.4e38;
  for (var j = here.local; inside && j < length; j += workgroup_size) {
    largest = max(largest, across[first + j]);
    if (j != i) {
      largest = max(largest, own[first + j]);
    }
  }
  parts[here.local] = largest;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      parts[here.local] = max(parts[here.local], parts[here.local + half]);
    }
  }
  workgroupBarrier();
  largest = parts[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var j = here.local; inside && j < length; j += workgroup_size) {
    sum += exp((across[first + j] - largest) * params.inverse_tau);
    if (j != i) {
      sum += exp((own[first + j] - largest) * params.inverse_tau);
    }
  }
  parts[here.local] = sum;
  for (var half = workgroup_size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (here.local < half) {
      parts[here.local] += parts[here.local + half];
    }
  }
  if (here.local > 0u || i >= params.end_row) {
    return;
  }
  if (!inside) {
    total[i] = vec2f();
    share[i] = 0.0;
    loss[i] = 0.0;
    return;
  }
  total[i] = vec2f(largest, log(parts[0]));
  share[i] = exp((across[first + i] - largest) * params.inverse_tau - total[i].y);
  loss[i] = -log(share[i] + 1e-8);
}
