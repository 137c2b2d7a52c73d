;; The loops that take most of the time, four numbers at once. All of them are floats; addresses are in bytes, counts in
;; numbers. kernels.ts has the same in plain words, and a test compares them.
(module
  (import "memory" "memory" (memory 1))

  ;; Every output is a weighted sum of a pixel's inputs. Weights lie in blocks of four outputs, in each all inputs.
  (func (export "pointwise")
    (param $input i32) (param $inputs i32) (param $weights i32) (param $bias i32)
    (param $out i32) (param $outputs i32) (param $pixels i32)
    (local $inputBytes i32) (local $outBytes i32) (local $o i32) (local $w i32) (local $end i32)
    (local $p0 i32) (local $p1 i32) (local $p2 i32) (local $p3 i32)
    (local $q1 i32) (local $q2 i32) (local $q3 i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128) (local $weight v128)
    (local.set $inputBytes (i32.shl (local.get $inputs) (i32.const 2)))
    (local.set $outBytes (i32.shl (local.get $outputs) (i32.const 2)))
    (loop $fourPixels
      ;; How far the second to fourth pixel lie after the first; not at all where there are no more.
      (local.set $q1 (i32.gt_s (local.get $pixels) (i32.const 1)))
      (local.set $q2 (select (i32.const 2) (local.get $q1) (i32.gt_s (local.get $pixels) (i32.const 2))))
      (local.set $q3 (select (i32.const 3) (local.get $q2) (i32.gt_s (local.get $pixels) (i32.const 3))))
      (local.set $o (i32.const 0))
      (local.set $w (local.get $weights))
      (loop $fourOutputs
        (local.set $a0 (v128.load (i32.add (local.get $bias) (local.get $o))))
        (local.set $a1 (local.get $a0))
        (local.set $a2 (local.get $a0))
        (local.set $a3 (local.get $a0))
        (local.set $p0 (local.get $input))
        (local.set $p1 (i32.add (local.get $input) (i32.mul (local.get $q1) (local.get $inputBytes))))
        (local.set $p2 (i32.add (local.get $input) (i32.mul (local.get $q2) (local.get $inputBytes))))
        (local.set $p3 (i32.add (local.get $input) (i32.mul (local.get $q3) (local.get $inputBytes))))
        (local.set $end (i32.add (local.get $input) (local.get $inputBytes)))
        (loop $input
          (local.set $weight (v128.load (local.get $w)))
          (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (local.get $weight) (v128.load32_splat (local.get $p0)))))
          (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (local.get $weight) (v128.load32_splat (local.get $p1)))))
          (local.set $a2 (f32x4.add (local.get $a2) (f32x4.mul (local.get $weight) (v128.load32_splat (local.get $p2)))))
          (local.set $a3 (f32x4.add (local.get $a3) (f32x4.mul (local.get $weight) (v128.load32_splat (local.get $p3)))))
          (local.set $w (i32.add (local.get $w) (i32.const 16)))
          (local.set $p1 (i32.add (local.get $p1) (i32.const 4)))
          (local.set $p2 (i32.add (local.get $p2) (i32.const 4)))
          (local.set $p3 (i32.add (local.get $p3) (i32.const 4)))
          (br_if $input (i32.lt_u (local.tee $p0 (i32.add (local.get $p0) (i32.const 4))) (local.get $end))))
        (local.set $p0 (i32.add (local.get $out) (local.get $o)))
        (v128.store (i32.add (local.get $p0) (i32.mul (local.get $q3) (local.get $outBytes))) (local.get $a3))
        (v128.store (i32.add (local.get $p0) (i32.mul (local.get $q2) (local.get $outBytes))) (local.get $a2))
        (v128.store (i32.add (local.get $p0) (i32.mul (local.get $q1) (local.get $outBytes))) (local.get $a1))
        (v128.store (local.get $p0) (local.get $a0))
        (br_if $fourOutputs (i32.lt_u (local.tee $o (i32.add (local.get $o) (i32.const 16))) (local.get $outBytes))))
      (local.set $input (i32.add (local.get $input) (i32.shl (local.get $inputBytes) (i32.const 2))))
      (local.set $out (i32.add (local.get $out) (i32.shl (local.get $outBytes) (i32.const 2))))
      (br_if $fourPixels (i32.gt_s (local.tee $pixels (i32.sub (local.get $pixels) (i32.const 4))) (i32.const 0)))))

  ;; To each pixel of a row is added another, times weights that are one a channel. step: from one input to the next, bytes.
  (func (export "addProducts")
    (param $input i32) (param $step i32) (param $weights i32) (param $out i32) (param $channels i32) (param $pixels i32)
    (local $c i32) (local $bytes i32)
    (local.set $bytes (i32.shl (local.get $channels) (i32.const 2)))
    (loop $pixel
      (local.set $c (i32.const 0))
      (loop $fourChannels
        (v128.store (i32.add (local.get $out) (local.get $c))
          (f32x4.add
            (v128.load (i32.add (local.get $out) (local.get $c)))
            (f32x4.mul
              (v128.load (i32.add (local.get $input) (local.get $c)))
              (v128.load (i32.add (local.get $weights) (local.get $c))))))
        (br_if $fourChannels (i32.lt_u (local.tee $c (i32.add (local.get $c) (i32.const 16))) (local.get $bytes))))
      (local.set $input (i32.add (local.get $input) (local.get $step)))
      (local.set $out (i32.add (local.get $out) (local.get $bytes)))
      (br_if $pixel (i32.gt_s (local.tee $pixels (i32.sub (local.get $pixels) (i32.const 1))) (i32.const 0)))))

  (func (export "add") (param $a i32) (param $b i32) (param $out i32) (param $count i32)
    (loop $four
      (v128.store (local.get $out) (f32x4.add (v128.load (local.get $a)) (v128.load (local.get $b))))
      (local.set $a (i32.add (local.get $a) (i32.const 16)))
      (local.set $b (i32.add (local.get $b) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $four (i32.gt_s (local.tee $count (i32.sub (local.get $count) (i32.const 4))) (i32.const 0)))))

  (func (export "relu") (param $input i32) (param $out i32) (param $count i32)
    (loop $four
      (v128.store (local.get $out) (f32x4.max (v128.load (local.get $input)) (v128.const f32x4 0 0 0 0)))
      (local.set $input (i32.add (local.get $input) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $four (i32.gt_s (local.tee $count (i32.sub (local.get $count) (i32.const 4))) (i32.const 0)))))

  (func (export "hardSwish") (param $input i32) (param $out i32) (param $count i32)
    (local $x v128)
    (loop $four
      (local.set $x (v128.load (local.get $input)))
      (v128.store (local.get $out)
        (f32x4.mul
          (f32x4.mul (local.get $x) (v128.const f32x4 0.16666667 0.16666667 0.16666667 0.16666667))
          (f32x4.min
            (f32x4.max (f32x4.add (local.get $x) (v128.const f32x4 3 3 3 3)) (v128.const f32x4 0 0 0 0))
            (v128.const f32x4 6 6 6 6))))
      (local.set $input (i32.add (local.get $input) (i32.const 16)))
      (local.set $out (i32.add (local.get $out) (i32.const 16)))
      (br_if $four (i32.gt_s (local.tee $count (i32.sub (local.get $count) (i32.const 4))) (i32.const 0)))))
)
