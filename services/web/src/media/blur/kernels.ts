/** A picture of features: rows, columns, channels, the last varying fastest (TensorFlow's NHWC with one picture). */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

export type Floats = Float32Array;

/** The loops that take most of the time, of which there are two: in plain words, and in WebAssembly. */
export interface Kernels {
  /** Every output is a weighted sum of a pixel's inputs. `outputs` is a multiple of four, `weights` are packed. */
  pointwise(input: Floats, inputs: number, weights: Floats, bias: Floats, out: Floats, outputs: number): void;
  /** To each pixel of a row, from `to` on, is added another, from `from` on, times weights that are one a channel. */
  addProducts(
    input: Floats,
    from: number,
    step: number,
    weights: Floats,
    weight: number,
    out: Floats,
    to: number,
    channels: number,
    pixels: number,
  ): void;
  add(a: Floats, b: Floats, out: Floats): void;
  relu(input: Floats, out: Floats): void;
  hardSwish(input: Floats, out: Floats): void;
}

/** Weights as the loop below takes them: blocks of four outputs, in each all inputs. weights: [outputs][inputs]. */
export function packed(weights: Floats, inputs: number, outputs: number): Floats {
  const out = new Float32Array(weights.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) out[(o - (o % 4)) * inputs + i * 4 + (o % 4)] = weights[o * inputs + i] as number;
  }
  return out;
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
export function depthwise(
  { addProducts }: Kernels,
  input: Plane,
  weights: Floats,
  bias: Floats,
  kernel: number,
  stride: number,
  out: Plane,
): void {
  const { channels } = input;
  const top = paddingBefore(input.height, out.height, kernel, stride);
  const left = paddingBefore(input.width, out.width, kernel, stride);
  for (let at = 0; at < out.data.length; at += channels) out.data.set(bias, at);
  for (let y = 0; y < out.height; y++) {
    for (let ky = 0; ky < kernel; ky++) {
      const row = y * stride + ky - top;
      if (row < 0 || row >= input.height) continue;
      for (let kx = 0; kx < kernel; kx++) {
        // The columns for which this place of the kernel lies inside.
        const first = Math.max(0, Math.ceil((left - kx) / stride));
        const last = Math.min(out.width - 1, Math.floor((input.width - 1 + left - kx) / stride));
        if (last < first) continue;
        const from = (row * input.width + first * stride + kx - left) * channels;
        const to = (y * out.width + first) * channels;
        const weight = (ky * kernel + kx) * channels;
        addProducts(input.data, from, stride * channels, weights, weight, out.data, to, channels, last - first + 1);
      }
    }
  }
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

/** Each channel times its own factor. */
export function scale({ data, channels }: Plane, factors: Floats, out: Floats): void {
  for (let at = 0; at < data.length; at += channels) for (let c = 0; c < channels; c++) out[at + c] = (data[at + c] as number) * (factors[c] as number);
}

export function logistic(input: Floats, out: Floats): void {
  for (let at = 0; at < out.length; at++) out[at] = 1 / (1 + Math.exp(-(input[at] as number)));
}
