import type { Floats, Kernels } from "./kernels.ts";

/** In plain words, for browsers that allow a page's worker no WebAssembly, and to tell the other's results by. */
export const plainKernels: Kernels = { pointwise, addProducts, add, relu, hardSwish };

function pointwise(input: Floats, inputs: number, weights: Floats, bias: Floats, out: Floats, outputs: number): void {
  const size = (out.length / outputs) | 0;
  // Two pixels at a time, so that each weight is read once for both.
  for (let pixel = 0; pixel < size; pixel += 2) {
    const first = pixel * inputs;
    const second = pixel + 1 < size ? first + inputs : first;
    const firstOut = pixel * outputs;
    const secondOut = pixel + 1 < size ? firstOut + outputs : firstOut;
    for (let o = 0; o < outputs; o += 4) {
      let a0 = bias[o] as number;
      let a1 = bias[o + 1] as number;
      let a2 = bias[o + 2] as number;
      let a3 = bias[o + 3] as number;
      let b0 = a0;
      let b1 = a1;
      let b2 = a2;
      let b3 = a3;
      let k = o * inputs;
      for (let i = 0; i < inputs; i++, k += 4) {
        const x = input[first + i] as number;
        const y = input[second + i] as number;
        const w0 = weights[k] as number;
        const w1 = weights[k + 1] as number;
        const w2 = weights[k + 2] as number;
        const w3 = weights[k + 3] as number;
        a0 += x * w0;
        a1 += x * w1;
        a2 += x * w2;
        a3 += x * w3;
        b0 += y * w0;
        b1 += y * w1;
        b2 += y * w2;
        b3 += y * w3;
      }
      out[secondOut + o] = b0;
      out[secondOut + o + 1] = b1;
      out[secondOut + o + 2] = b2;
      out[secondOut + o + 3] = b3;
      out[firstOut + o] = a0;
      out[firstOut + o + 1] = a1;
      out[firstOut + o + 2] = a2;
      out[firstOut + o + 3] = a3;
    }
  }
}

function addProducts(
  input: Floats,
  from: number,
  step: number,
  weights: Floats,
  weight: number,
  out: Floats,
  to: number,
  channels: number,
  pixels: number,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    const a = from + pixel * step;
    const b = to + pixel * channels;
    for (let c = 0; c < channels; c++) out[b + c] = (out[b + c] as number) + (input[a + c] as number) * (weights[weight + c] as number);
  }
}

function add(a: Floats, b: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = (a[at] as number) + (b[at] as number);
}

function relu(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = Math.max(0, input[at] as number);
}

function hardSwish(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) {
    const x = input[at] as number;
    out[at] = (x * Math.min(6, Math.max(0, x + 3))) / 6;
  }
}
