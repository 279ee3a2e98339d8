// The rows of a contrast: with own_ij = ⟨a_i, a_j⟩, across_ij = ⟨a_i, b_j⟩ over the slots i, j of the
// current batch,
//
//     log_total_i = log( Σ_{j≠i} exp(own_ij / τ) + Σ_j exp(across_ij / τ) )
//     share_i = exp(across_ii / τ − log_total_i),   loss_i = −log(share_i + 1e-8)
//
// all 0 in slots beyond a partial batch. A workgroup walks a row: its largest exponent, then the sum.
//
// Only the rows from first_row to before end_row are walked.
//
//   own, across   batch size × batch size
//   log_total, share, loss   one number per slot
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
@group(0) @binding(2) var<storage, read_write> log_total: array<f32>;
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
    log_total[i] = 0.0;
    share[i] = 0.0;
    loss[i] = 0.0;
    return;
  }
  log_total[i] = largest * params.inverse_tau + log(parts[0]);
  share[i] = exp(across[first + i] * params.inverse_tau - log_total[i]);
  loss[i] = -log(share[i] + 1e-8);
}
