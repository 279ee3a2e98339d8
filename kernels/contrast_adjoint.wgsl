// The adjoint of the mean of contrast_rows.wgsl's losses, in the place of the products. With
// k_i = share_i / (share_i + 1e-8) and the batch's length n:
//
//     own_ij   ← weight / n · k_i / τ · exp(own_ij / τ) / total_i                  0 where i = j
//     across_ij ← weight / n · k_i / τ · (exp(across_ij / τ) / total_i − [i = j])
//
// and 0 wherever i or j is beyond a partial batch, for the rows i from first_row to before end_row.
//
//   total              per slot: largest, log_sum, with total_i = exp(largest_i / τ) · exp(log_sum_i)
//   share              one number per slot
//   own, across        batch size × batch size: products, and then their gradients
//
// Dispatched by src/ops/losses/contrastive_loss.ts.

struct Params {
  inverse_tau: f32,
  weight: f32,
  batch_size: u32,
  first_row: u32,
  end_row: u32,
}

@group(0) @binding(0) var<storage, read> total: array<vec2f>;
@group(0) @binding(1) var<storage, read> share: array<f32>;
@group(0) @binding(2) var<storage, read_write> own: array<f32>;
@group(0) @binding(3) var<storage, read_write> across: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

override workgroup_size: u32 = 128;

@compute @workgroup_size(workgroup_size)
fn main(here: Here) {
  let at = params.first_row * params.batch_size + invocation_index(here, workgroup_size);
  let i = at / params.batch_size;
  let j = at % params.batch_size;
  if (i >= params.end_row) {
    return;
  }
  let length = clock.size;
  if (i >= length || j >= length) {
    own[at] = 0.0;
    across[at] = 0.0;
    return;
  }
  let factor = params.weight / f32(length) * share[i] / (share[i] + 1e-8) * params.inverse_tau;
  let own_share = exp((own[at] - total[i].x) * params.inverse_tau - total[i].y);
  let across_share = exp((across[at] - total[i].x) * params.inverse_tau - total[i].y);
  own[at] = select(factor * own_share, 0.0, i == j);
  across[at] = factor * (across_share - select(0.0, 1.0, i == j));
}
