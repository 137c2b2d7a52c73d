/** To the worker: first the model's file and kernels.wasm, then pictures (RGBA, as large as the model's). */
export type ToWorker = { readonly model: ArrayBuffer; readonly kernels: ArrayBuffer } | { readonly picture: ArrayBuffer };

/** From it: that it is ready, or cannot be; then each picture as its own mask. */
export type FromWorker = { readonly ready: true } | { readonly failed: string } | { readonly mask: ArrayBuffer };
