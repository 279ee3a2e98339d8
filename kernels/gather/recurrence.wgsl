// What a gather's sum becomes: one step of Clenshaw's recurrence for a polynomial of a sparse matrix A,
//
//     result = w base + p sum + q own + r earlier,   sum = A own
//
// Repeated from the highest degree down, with own = B_(k+1) and earlier = B_(k+2), it sums up a series of
// polynomials that follow from each other by a three-term recurrence, without making any of them (Clenshaw
// 1955).
//
//   base, own, earlier   rows × dim, as vec4; `earlier` is not read where r is 0
//
// Bound by src/ops/graphs/polynomial_convolution.ts.

@group(0) @binding(17) var<storage, read> base: array<vec4f>;
@group(0) @binding(18) var<storage, read> earlier: array<vec4f>;
@group(0) @binding(19) var<storage, read> own: array<vec4f>;

override base_weight: f32; // w
override sum_weight: f32; // p
override own_weight: f32; // q
override earlier_weight: f32; // r

fn result_of(at: u32, c: u32, sum: vec4f) -> vec4f {
  var result = base_weight * base[at] + sum_weight * sum;
  result += own_weight * own[at];
  if (earlier_weight != 0.0) {
    result += earlier_weight * earlier[at];
  }
  return result;
}
