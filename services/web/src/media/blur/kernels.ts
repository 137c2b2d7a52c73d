/** A picture of features: rows, columns, channels, the last varying fastest (TensorFlow's NHWC with one picture). */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

type Floats = Float32Array;

/** Weights as the loop below takes them: blocks of four outputs, in each all inputs. weights: [outputs][inputs]. */
export function packed(weights: Floats, inputs: number, outputs: number): Floats {
  const out = new Float32Array(weights.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) out[(o - (o % 4)) * inputs + i * 4 + (o % 4)] = weights[o * inputs + i] as number;
  }
  return out;
}

/** Every output is a weighted sum of a pixel's inputs. `outputs` is a multiple of four, `weights` are packed. */
export function pointwise(input: Floats, inputs: number, weights: Floats, bias: Floats, out: Floats, outputs: number): void {
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

/** How many rows or columns lie before the first, for the padding called SAME. */
function paddingBefore(input: number, output: number, kernel: number, stride: number): number {
  return Math.max(0, (output - 1) * stride + kernel - input) >> 1;
}

/** Lays the pixels under each place of a kernel one after the other, zero where the kernel hangs over. */
export function gather(input: Plane, kernel: number, stride: number, height: number, width: number, out: Floats): void {
  const { data, channels } = input;
  const top = paddingBefore(input.height, height, kernel, stride);
  const left = paddingBefore(input.width, width, kernel, stride);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let ky = 0; ky < kernel; ky++) {
        const row = y * stride + ky - top;
        for (let kx = 0; kx < kernel; kx++) {
          const column = x * stride + kx - left;
          const inside = row >= 0 && row < input.height && column >= 0 && column < input.width;
          const from = (row * input.width + column) * channels;
          for (let c = 0; c < channels; c++) out[at++] = inside ? (data[from + c] as number) : 0;
        }
      }
    }
  }
}

/** Each channel with a kernel of its own. weights: [kernel][kernel][channels]. */
export function depthwise(input: Plane, weights: Floats, bias: Floats, kernel: number, stride: number, out: Plane): void {
  const { data, channels } = input;
  const top = paddingBefore(input.height, out.height, kernel, stride);
  const left = paddingBefore(input.width, out.width, kernel, stride);
  for (let y = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const to = (y * out.width + x) * channels;
      for (let c = 0; c < channels; c++) out.data[to + c] = bias[c] as number;
      for (let ky = 0; ky < kernel; ky++) {
        const row = y * stride + ky - top;
        if (row < 0 || row >= input.height) continue;
        for (let kx = 0; kx < kernel; kx++) {
          const column = x * stride + kx - left;
          if (column < 0 || column >= input.width) continue;
          addProducts(data, (row * input.width + column) * channels, weights, (ky * kernel + kx) * channels, out.data, to, channels);
        }
      }
    }
  }
}

function addProducts(a: Floats, atA: number, b: Floats, atB: number, out: Floats, to: number, count: number): void {
  for (let c = 0; c < count; c++) out[to + c] = (out[to + c] as number) + (a[atA + c] as number) * (b[atB + c] as number);
}

/** Twice the rows and columns, one channel: each pixel becomes two by two. weights: [2][2][channels]. */
export function spreadTwofold(input: Plane, weights: Floats, bias: number, out: Floats): void {
  const { data, channels, width } = input;
  for (let y = 0; y < input.height; y++) {
    for (let x = 0; x < width; x++) {
      for (let corner = 0; corner < 4; corner++) {
        let sum = bias;
        const from = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) sum += (data[from + c] as number) * (weights[corner * channels + c] as number);
        out[(2 * y + (corner >> 1)) * 2 * width + 2 * x + (corner & 1)] = sum;
      }
    }
  }
}

/** Bilinear, with pixels taken at their centres. */
export function resize(input: Plane, out: Plane): void {
  const { data, channels, width, height } = input;
  for (let y = 0; y < out.height; y++) {
    const row = Math.max(0, ((y + 0.5) * height) / out.height - 0.5);
    const upper = Math.min(height - 1, Math.floor(row));
    const lower = Math.min(height - 1, upper + 1);
    for (let x = 0; x < out.width; x++) {
      const column = Math.max(0, ((x + 0.5) * width) / out.width - 0.5);
      const left = Math.min(width - 1, Math.floor(column));
      const right = Math.min(width - 1, left + 1);
      const down = row - upper;
      const across = column - left;
      const a = (upper * width + left) * channels;
      const b = (upper * width + right) * channels;
      const c = (lower * width + left) * channels;
      const d = (lower * width + right) * channels;
      const to = (y * out.width + x) * channels;
      const wa = (1 - down) * (1 - across);
      const wb = (1 - down) * across;
      const wc = down * (1 - across);
      const wd = down * across;
      for (let i = 0; i < channels; i++) {
        out.data[to + i] =
          (data[a + i] as number) * wa + (data[b + i] as number) * wb + (data[c + i] as number) * wc + (data[d + i] as number) * wd;
      }
    }
  }
}

/** The mean of each channel over the whole picture. */
export function mean({ data, channels }: Plane, out: Floats): void {
  out.fill(0);
  for (let at = 0; at < data.length; at += channels) for (let c = 0; c < channels; c++) out[c] = (out[c] as number) + (data[at + c] as number);
  const pixels = data.length / channels;
  for (let c = 0; c < channels; c++) out[c] = (out[c] as number) / pixels;
}

export function add(a: Floats, b: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = (a[at] as number) + (b[at] as number);
}

/** Each channel times its own factor. */
export function scale({ data, channels }: Plane, factors: Floats, out: Floats): void {
  for (let at = 0; at < data.length; at += channels) for (let c = 0; c < channels; c++) out[at + c] = (data[at + c] as number) * (factors[c] as number);
}

export function relu(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = Math.max(0, input[at] as number);
}

export function hardSwish(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) {
    const x = input[at] as number;
    out[at] = (x * Math.min(6, Math.max(0, x + 3))) / 6;
  }
}

export function logistic(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = 1 / (1 + Math.exp(-(input[at] as number)));
}
