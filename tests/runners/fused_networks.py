"""Small networks in which ONNX Runtime fuses nodes, or leaves them alone although it might; capitals are constants."""

IMAGE_INPUTS = """(float[1,16,8,8] x, float[16,16,1,1] W, float[16,1,1] S, float[16] B, float[16,16,1,1] W2, float[20,16,1,1] V,
    float[20,20,1,1] V2, float[1,16,8,8] I, float[12,16,1,1] U, float[20,1,1] S20, float[20] B20) => (y)"""
IMAGE_CONSTANTS = """
    lo = Constant<value=float {0.0}>() hi = Constant<value=float {6.0}>() two = Constant<value=float {2.0}>()
    three = Constant<value=float {3.0}>() around = Constant<value_ints=[0,0,1,1,0,0,1,1]>()
    twice = Constant<value_floats=[1.0,1.0,2.0,2.0]>()"""
IMAGES = {
    "relu": "c = Conv(x, W) y = Relu(c)",
    "leaky": "c = Conv(x, W) y = LeakyRelu(c)",
    "sig": "c = Conv(x, W) y = Sigmoid(c)",
    "tanh": "c = Conv(x, W) y = Tanh(c)",
    "hsig": "c = Conv(x, W) y = HardSigmoid(c)",
    "hswish": "c = Conv(x, W) y = HardSwish(c)",
    "elu": "c = Conv(x, W) y = Elu(c)",
    "selu": "c = Conv(x, W) y = Selu(c)",
    "softplus": "c = Conv(x, W) y = Softplus(c)",
    "mish": "c = Conv(x, W) y = Mish(c)",
    "exp": "c = Conv(x, W) y = Exp(c)",
    "clip": "c = Conv(x, W) y = Clip(c, lo, hi)",
    "clipnone": "c = Conv(x, W) y = Clip(c)",
    "prelu": "c = Conv(x, W) y = PRelu(c, S)",
    "silu": "c = Conv(x, W) s = Sigmoid(c) y = Mul(c, s)",
    "silu_then": "c = Conv(x, W) s = Sigmoid(c) d = Mul(c, s) y = Conv(d, W2)",
    "hsw_then": "c = Conv(x, W) d = HardSwish(c) y = Conv(d, W2)",
    "hsw_written": "c = Conv(x, W) a = Add(c, three) k = Clip(a, lo, hi) m = Mul(c, k) d = Div(m, hi) y = Conv(d, W2)",
    "hsw_hs": "c = Conv(x, W) h = HardSigmoid<alpha=0.16666667, beta=0.5>(c) d = Mul(c, h) y = Conv(d, W2)",
    "mul_const": "c = Conv(x, W) m = Mul(c, S) y = Conv(m, W2)",
    "mul_const_first": "c = Conv(x, W) m = Mul(S, c) y = Conv(m, W2)",
    "add_const": "c = Conv(x, W) m = Add(c, S) y = Conv(m, W2)",
    "add_const_first": "c = Conv(x, W) m = Add(S, c) y = Conv(m, W2)",
    "mul_const_last": "c = Conv(x, W) y = Mul(c, S)",
    "add_const_last": "c = Conv(x, W) y = Add(c, S)",
    "bn_last": "c = Conv(x, W) y = BatchNormalization(c, B, B, B, B)",
    "conv_out": "y = Conv(x, W) z = Relu(y)",
    "res": "c = Conv(x, W) d = Conv(c, W2) y = Add(c, d)",
    "res_relu": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) y = Relu(e)",
    "res_two": "c = Conv(x, W) d = Conv(c, W2) f = Conv(c, W) e = Add(f, d) y = Relu(e)",
    "res_plain": "c = Conv(x, W) e = Add(c, x) y = Relu(e)",
    "res_relu_conv": "c = Conv(x, W) r = Relu(c) d = Conv(r, W2) d2 = Relu(d) e = Add(r, d2) y = Relu(e)",
    "mulpair": "c = Conv(x, W) d = Conv(x, W2) y = Mul(c, d)",
    "se": "c = Conv(x, W) g = GlobalAveragePool(c) d = Conv(g, W2) s = Sigmoid(d) y = Mul(c, s)",
    "mulscalar": "c = Conv(x, W) m = Mul(c, two) y = Conv(m, W2)",
    "addscalar": "c = Conv(x, W) m = Add(c, two) y = Conv(m, W2)",
    "divscalar": "c = Conv(x, W) m = Div(c, two) y = Conv(m, W2)",
    "sum3": "c = Conv(x, W) d = Conv(c, W2) f = Conv(d, W) y = Sum(c, d, f)",
    "sub": "c = Conv(x, W) d = Conv(c, W2) y = Sub(c, d)",
    "bn_alone": "y = BatchNormalization(x, B, B, B, B)",
    "bn_pool": "p = MaxPool<kernel_shape=[2,2]>(x) b = BatchNormalization(p, B, B, B, B) y = Relu(b)",
    "bn_relu_conv": "c = Conv(x, W) r = Relu(c) b = BatchNormalization(r, B, B, B, B) q = Relu(b) y = Conv(q, W2)",
    "maxpool": "y = MaxPool<kernel_shape=[2,2]>(x)",
    "avgpool": "y = AveragePool<kernel_shape=[2,2]>(x)",
    "maxpool_dil": "y = MaxPool<kernel_shape=[2,2], dilations=[2,2]>(x)",
    "gap": "y = GlobalAveragePool(x)",
    "gmp": "y = GlobalMaxPool(x)",
    "conv_gap": "c = Conv(x, W) g = GlobalAveragePool(c) y = Flatten(g)",
    "mean": "ax = Constant<value_ints=[2,3]>() c = Conv(x, W) y = ReduceMean<keepdims=1>(c, ax)",
    "maxpool_idx": "y, i = MaxPool<kernel_shape=[2,2]>(x)",
    "concat": "c = Conv(x, W) d = Conv(x, W2) y = Concat<axis=1>(c, d)",
    "concat_mixed": "c = Conv(x, W) y = Concat<axis=1>(c, x)",
    "concat_constant": "c = Conv(x, W) y = Concat<axis=1>(c, I)",
    "concat_ax2": "c = Conv(x, W) d = Conv(x, W2) y = Concat<axis=2>(c, d)",
    "act2": "c = Conv(x, W) d = Relu(c) y = Sigmoid(d)",
    "act_two": "c = Conv(x, W) d = Relu(c) e = Sigmoid(c) y = Add(d, e)",
    "leaky_two": "c = Conv(x, W) d = LeakyRelu(c) e = Sigmoid(c) y = Add(d, e)",
    "to_nhwc": "c = Conv(x, W) y = Transpose<perm=[0,2,3,1]>(c)",
    "dropout": "c = Conv(x, W) d = Dropout(c) y = Relu(d)",
    "resize": (
        'c = Conv(x, W) r = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="floor">(c, , twice) y = Conv(r, W2)'
    ),
    "resize_default": 'c = Conv(x, W) r = Resize<mode="nearest">(c, , twice) y = Conv(r, W2)',
    "resize_lin": (
        'c = Conv(x, W) r = Resize<mode="linear", coordinate_transformation_mode="half_pixel">(c, , twice) y = Conv(r, W2)'
    ),
    "resize_sizes": (
        'size = Constant<value_ints=[1,16,16,16]>() c = Conv(x, W) r = Resize<mode="nearest", '
        'coordinate_transformation_mode="asymmetric", nearest_mode="floor">(c, , , size) y = Conv(r, W2)'
    ),
    "resize_frac": (
        'half = Constant<value_floats=[1.0,1.0,1.5,1.5]>() c = Conv(x, W) r = Resize<mode="nearest", '
        'coordinate_transformation_mode="asymmetric", nearest_mode="floor">(c, , half) y = Conv(r, W2)'
    ),
    "pad": "d = Pad(x, around) y = Conv<pads=[0,0,0,0]>(d, W)",
    "pad_nopads": "d = Pad(x, around) y = Conv(d, W)",
    "pad_max": "d = Pad(x, around) y = MaxPool<kernel_shape=[2,2], pads=[0,0,0,0]>(d)",
    "hsw_swap": "c = Conv(x, W) h = HardSigmoid<alpha=0.16666667, beta=0.5>(c) d = Mul(h, c) y = Conv(d, W2)",
    "hsig_mul_other": "c = Conv(x, W) h = HardSigmoid<alpha=0.2, beta=0.5>(c) d = Mul(h, c) y = Conv(d, W2)",
    "act_alone": "c = Conv(x, W) a = Relu(c) b = Relu(a) t = Tanh(b) h = HardSigmoid(t) y = Conv(h, W2)",
    "clip_alone": "c = Conv(x, W) a = Tanh(c) b = Clip(a, lo, hi) y = Conv(b, W2)",
    "relu_clip": "c = Exp(x) a = Relu(c) y = Clip(a, lo, hi)",
    "leaky_alone": "c = Conv(x, W) a = Tanh(c) b = LeakyRelu(a) y = Conv(b, W2)",
    "erf": "c = Conv(x, W) a = Tanh(c) b = Erf(a) y = Conv(b, W2)",
    "silu_alone": "c = Conv(x, W) a = Tanh(c) s = Sigmoid(a) b = Mul(a, s) y = Conv(b, W2)",
    "un_pool": "c = Conv(x, V) y = MaxPool<kernel_shape=[2,2]>(c)",
    "un_gap": "c = Conv(x, V) y = GlobalAveragePool(c)",
    "un_relu": "c = Conv(x, V) t = Relu(c) u = Tanh(t) y = Conv(u, V2)",
    "un_bn": "c = Conv(x, V) t = Relu(c) u = BatchNormalization(t, B20, B20, B20, B20) y = Conv(u, V2)",
    "un_mul": "c = Conv(x, V) t = Relu(c) u = Mul(t, S20) y = Conv(u, V2)",
    "un_add": "c = Conv(x, V) t = Conv(c, V2) u = Add(t, c) y = Conv(u, V2)",
    "un_concat": "c = Conv(x, V) t = Conv(x, W) u = Concat<axis=1>(t, c) y = Exp(u)",
    "un_concat2": "c = Conv(x, U) t = Conv(x, V) u = Concat<axis=1>(c, t) y = Exp(u)",
    "un_resize": (
        'c = Conv(x, V) r = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", '
        'nearest_mode="floor">(c, , twice) y = Conv(r, V2)'
    ),
    "un_silu": "c = Conv(x, V) s = Sigmoid(c) d = Mul(c, s) y = Conv(d, V2)",
    "un_nhwc": "c = Conv(x, V) y = Transpose<perm=[0,2,3,1]>(c)",
    "avg_pad": "d = Pad(x, around) y = AveragePool<kernel_shape=[2,2], pads=[0,0,0,0]>(d)",
    "pad_lead": "r = Relu(x) d = Pad(r, around) c = Conv(d, W) y = Relu(c)",
    "pad_channels": "more = Constant<value_ints=[0,0,1,1,0,4,1,1]>() r = Relu(x) d = Pad(r, more) c = Conv(d, V2) y = Relu(c)",
    "pad_reflect": 'r = Relu(x) d = Pad<mode="reflect">(r, around) c = Conv(d, W) y = Relu(c)',
    "pad_axes": (
        "some = Constant<value_ints=[1,1,1,1]>() ax = Constant<value_ints=[2,3]>() r = Relu(x) d = Pad(r, some, , ax) c "
        "= Conv(d, W) y = Relu(c)"
    ),
    "pad_zero": "none = Constant<value_ints=[0,0,0,0,0,0,0,0]>() r = Relu(x) d = Pad(r, none) y = Exp(d)",
    "sum2": "c = Conv(x, W) d = Conv(c, W2) y = Sum(c, d)",
    "addadd": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) f = Conv(e, W) g = Add(e, f) y = Relu(g)",
    "add_sigmoid": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) y = Sigmoid(e)",
    "add_leaky": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) y = LeakyRelu(e)",
    "add_clip": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) y = Clip(e, lo, hi)",
    "add_self": "c = Conv(x, W) y = Add(c, c)",
    "add_hsig": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) y = HardSigmoid(e)",
    "add_silu": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) s = Sigmoid(e) y = Mul(e, s)",
    "add_hsw": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) s = HardSwish(e) y = Conv(s, W)",
    "add_two_uses": "c = Conv(x, W) d = Conv(c, W2) e = Add(c, d) f = Conv(e, W) y = Add(e, f)",
    "twice_pool": "a = MaxPool<kernel_shape=[2,2]>(x) b = Conv(x, W) c = MaxPool<kernel_shape=[2,2]>(b) y = Add(a, c)",
    "relu_input": "r = Relu(x) b = Conv(r, W) y = Add(b, r)",
    "cse": "b = Conv(x, W) c = Conv(x, W) d = Relu(b) e = Sigmoid(c) y = Add(d, e)",
    "mulconst2": "b = Conv(x, W) c = Relu(b) d = Mul(c, S) e = Relu(d) y = Conv(e, W2)",
    "subconst": "b = Conv(x, W) c = Relu(b) d = Sub(c, S) e = Relu(d) y = Conv(e, W2)",
    "conv_bn_mul_add": "b = Conv(x, W) c = BatchNormalization(b, B, B, B, B) d = Mul(c, S) e = Add(d, S) y = Relu(e)",
    "bn_mul_add_relu_conv": (
        "p = MaxPool<kernel_shape=[2,2]>(x) c = BatchNormalization(p, B, B, B, B) d = Relu(c) e = Conv(d, W) y = Relu(e)"
    ),
    "globalcat": "b = Conv(x, W) g = GlobalAveragePool(b) c = Conv(g, W2) y = Relu(c)",
    "split": "b = Conv(x, W) c, d = Split<axis=1, num_outputs=2>(b) y = Add(c, d)",
    "slice": (
        "b = Conv(x, W) s = Constant<value_ints=[8]>() e = Constant<value_ints=[16]>() a = "
        "Constant<value_ints=[1]>() y = Slice(b, s, e, a)"
    ),
}
"""Images of 16 channels, which are whole blocks on every processor that has blocks, and of 20, which are not."""

PLAIN_INPUTS = "(float[1,17,8,8] x, float[16,17,1,1] W, float[16] B, float[16,17,1,1] W2, float[16] B2) => (y)"
PLAIN = {
    "fc": "b = Conv(x, W, B) y = Relu(b)",
    "fsig": "b = Conv(x, W, B) y = Sigmoid(b)",
    "fleaky": "b = Conv(x, W, B) y = LeakyRelu(b)",
    "fhs": "b = Conv(x, W, B) y = HardSigmoid(b)",
    "fhsw": "b = Conv(x, W, B) d = HardSwish(b) y = Exp(d)",
    "add": "b = Conv(x, W, B) c = Conv(x, W, B) y = Add(b, c)",
    "addrelu": "b = Conv(x, W, B) c = Conv(x, W, B) d = Add(c, b) y = Relu(d)",
    "addrelu2": "b = Conv(x, W, B) e = Exp(b) c = Conv(x, W, B) d = Add(e, c) y = Relu(d)",
    "nobias": "b = Conv(x, W, B) e = Exp(b) c = Conv(x, W) d = Add(e, c) y = Relu(d)",
    "bn": "b = Conv(x, W, B) c = BatchNormalization(b, B, B, B, B) y = Relu(c)",
    "pool": "b = Conv(x, W, B) y = MaxPool<kernel_shape=[2,2]>(b)",
    "addout": "b = Conv(x, W, B) c = Conv(x, W, B) e = Exp(c) y = Add(e, b)",
    "addgelu": "b = Conv(x, W, B) c = Conv(x, W, B) e = Exp(c) f = Add(e, b) y = Exp(f)",
    "add_two": "b = Exp(x) c = Conv(x, W, B) d = Conv(x, W2, B2) y = Add(c, d)",
    "add_two_relu": "c = Conv(x, W, B) d = Conv(x, W2, B2) e = Add(c, d) y = Relu(e)",
    "add_two_clip": "c = Conv(x, W, B) d = Conv(x, W2, B2) e = Add(c, d) y = Clip(e)",
    "add_two_leaky": "c = Conv(x, W, B) d = Conv(x, W2, B2) e = Add(c, d) y = LeakyRelu(e)",
    "add_two_silu": "c = Conv(x, W, B) d = Conv(x, W2, B2) e = Add(c, d) s = Sigmoid(e) y = Mul(e, s)",
    "add_without_bias": "c = Conv(x, W) d = Conv(x, W2) e = Add(c, d) y = Relu(e)",
}
"""Convolutions of 17 channels, which no blocked kernel takes."""

MATRIX_INPUTS = """(float[1,5,8] x, float[8,6] W, float[6] B, float[8] S, float[8] T, float[8,8] Q, float[1,6] B1, float[2,8] m,
    float[2,8] n2, float[2,6] k6, float[1,8,6] W3, float[1,5,8] z, float[2,4,5,8] p, float[2,4,5,8] q) => (y)"""
MATRIX_CONSTANTS = """
    r2 = Constant<value=float {1.4142135}>() one = Constant<value=float {1.0}>() half = Constant<value=float {0.5}>()
    two = Constant<value=float {2.0}>()"""
MATRICES = {
    "gelu1": "a = Div(x, r2) b = Erf(a) c = Add(b, one) d = Mul(x, c) y = Mul(d, half)",
    "gelu2": "a = Div(x, r2) b = Erf(a) c = Add(b, one) h = Mul(x, half) y = Mul(h, c)",
    "gelu3": (
        "i = Constant<value=float {0.70710677}>() a = Mul(x, i) b = Erf(a) c = Add(b, one) h = Mul(x, half) y = Mul(h, c)"
    ),
    "gelu4": "a = Div(x, r2) b = Erf(a) c = Add(one, b) h = Mul(half, x) y = Mul(c, h)",
    "biasgelu": "x2 = MatMul(x, Q) w = Add(x2, S) a = Div(w, r2) b = Erf(a) c = Add(b, one) d = Mul(w, c) y = Mul(d, half)",
    "biasgelu_first": "x2 = Exp(x) w = Add(S, x2) a = Div(w, r2) b = Erf(a) c = Add(b, one) d = Mul(w, c) y = Mul(d, half)",
    "fastgelu": (
        "k = Constant<value=float {0.044715}>() s = Constant<value=float {0.7978846}>() three = "
        "Constant<value=float {3.0}>() a = Pow(x, three) b = Mul(a, k) c = Add(x, b) d = Mul(c, s) e = Tanh(d) f = "
        "Add(e, one) g = Mul(x, f) y = Mul(g, half)"
    ),
    "quick": "s = Sigmoid(x) y = Mul(x, s)",
    "quick_alpha": "al = Constant<value=float {1.702}>() a = Mul(x, al) s = Sigmoid(a) y = Mul(x, s)",
    "quick_out": "s = Sigmoid(x) t = Mul(s, x) y = Exp(t)",
    "ln": (
        "ax = Constant<value_ints=[-1]>() e = Constant<value=float {0.00001}>() m2 = ReduceMean(x, ax) d = Sub(x, "
        "m2) p2 = Pow(d, two) v = ReduceMean(p2, ax) ve = Add(v, e) s = Sqrt(ve) n = Div(d, s) w = Mul(n, S) y = "
        "Add(w, T)"
    ),
    "ln_mul": (
        "ax = Constant<value_ints=[-1]>() e = Constant<value=float {0.00001}>() m2 = ReduceMean(x, ax) d = Sub(x, "
        "m2) p2 = Mul(d, d) v = ReduceMean(p2, ax) ve = Add(v, e) s = Sqrt(ve) n = Div(d, s) w = Mul(n, S) y = "
        "Add(w, T)"
    ),
    "ln_noaffine": (
        "ax = Constant<value_ints=[-1]>() e = Constant<value=float {0.00001}>() m2 = ReduceMean(x, ax) d = Sub(x, "
        "m2) p2 = Pow(d, two) v = ReduceMean(p2, ax) ve = Add(v, e) s = Sqrt(ve) n = Div(d, s) y = Exp(n)"
    ),
    "skipln": "a = Add(x, z) y = LayerNormalization<axis=-1>(a, S, T)",
    "skipln_bias": "c = MatMul(x, Q) b = Add(c, S) a = Add(b, z) y = LayerNormalization<axis=-1>(a, S, T)",
    "skipln_two": "a = Add(x, z) n = LayerNormalization<axis=-1>(a, S, T) y = Add(a, n)",
    "ln_only": "y = LayerNormalization<axis=-1>(x, S, T)",
    "rms": (
        "ax = Constant<value_ints=[-1]>() e = Constant<value=float {0.00001}>() p2 = Pow(x, two) v = "
        "ReduceMean(p2, ax) ve = Add(v, e) s = Sqrt(ve) n = Div(x, s) y = Mul(n, S)"
    ),
    "mm_add3": "a = MatMul(x, W) y = Add(a, B)",
    "mm_add3_first": "a = MatMul(x, W) y = Add(B, a)",
    "mm_add2": "a = MatMul(m, W) y = Add(a, B)",
    "mm_add2_row": "a = MatMul(m, W) y = Add(a, B1)",
    "mm_add2_full": "a = MatMul(m, W) y = Add(a, k6)",
    "mm_add2_relu": "a = MatMul(m, W) b = Add(a, B) y = Relu(b)",
    "mm_add3_relu": "a = MatMul(x, W) b = Add(a, B) y = Relu(b)",
    "mm_add_b3": "a = MatMul(x, W3) y = Add(a, B)",
    "gemm_relu": "a = Gemm(m, W, B) y = Relu(a)",
    "gemm_sig": "a = Gemm(m, W, B) y = Sigmoid(a)",
    "gemm_tanh": "a = Gemm(m, W, B) y = Tanh(a)",
    "gemm_leaky": "a = Gemm(m, W, B) y = LeakyRelu(a)",
    "gemm_elu": "a = Gemm(m, W, B) y = Elu(a)",
    "gemm_clip": "a = Gemm(m, W, B) y = Clip(a)",
    "gemm_hsw": "a = Gemm(m, W, B) y = HardSwish(a)",
    "gemm_hsig": "a = Gemm(m, W, B) y = HardSigmoid(a)",
    "gemm_selu": "a = Gemm(m, W, B) y = Selu(a)",
    "gemm_softplus": "a = Gemm(m, W, B) y = Softplus(a)",
    "gemm_softsign": "a = Gemm(m, W, B) y = Softsign(a)",
    "gemm_thr": "a = Gemm(m, W, B) y = ThresholdedRelu(a)",
    "gemm_gelu": "a = Gemm(m, W, B) s = Sigmoid(a) y = Mul(a, s)",
    "gemm_sum": "a = Gemm(m, W) y = Sum(a, k6)",
    "gemm_nob_add": "a = Gemm(m, W) y = Add(a, B)",
    "mm_bn": "a = MatMul(m, W) y = BatchNormalization(a, B, B, B, B)",
    "gemm_transA": "n3 = Transpose<perm=[1,0]>(m) a = Gemm<transA=1>(n3, W) y = Relu(a)",
    "gemm_transB": "n3 = Transpose<perm=[1,0]>(n2) y = Gemm(m, n3)",
    "mm_trans": "t = Transpose<perm=[0,1,3,2]>(q) y = MatMul(p, t)",
    "mm_trans2": "t = Transpose<perm=[0,2,1,3]>(q) u = Transpose<perm=[0,2,3,1]>(p) y = MatMul(t, u)",
    "mm_transA": "t = Transpose<perm=[0,1,3,2]>(q) y = MatMul(t, p)",
    "mm_scale": "t = Transpose<perm=[0,1,3,2]>(q) a = MatMul(p, t) y = Mul(a, half)",
    "mm_div": "t = Transpose<perm=[0,1,3,2]>(q) a = MatMul(p, t) y = Div(a, two)",
    "mm_scale_in": "t = Transpose<perm=[0,1,3,2]>(q) s = Mul(p, half) y = MatMul(s, t)",
    "mm_scale_plain": "a = MatMul(x, W) y = Mul(a, half)",
    "attn": "t = Transpose<perm=[0,1,3,2]>(q) a = MatMul(p, t) s = Div(a, two) f = Softmax<axis=-1>(s) y = MatMul(f, q)",
    "mul1": "a = Exp(x) b = Mul(a, one) y = Exp(b)",
    "cast_same": "a = Exp(x) b = Cast<to=1>(a) y = Exp(b)",
    "reshape_same": "sh = Constant<value_ints=[1,5,8]>() a = Exp(x) b = Reshape(a, sh) y = Exp(b)",
    "reshape2": (
        "sh = Constant<value_ints=[5,8]>() s2 = Constant<value_ints=[40]>() a = Exp(x) b = Reshape(a, sh) c = "
        "Reshape(b, s2) y = Exp(c)"
    ),
    "unsq": "ax = Constant<value_ints=[0]>() a = Exp(x) b = Unsqueeze(a, ax) y = Exp(b)",
    "flatten": "a = Exp(x) b = Flatten(a) y = Exp(b)",
    "slicefull": (
        "s = Constant<value_ints=[0]>() e = Constant<value_ints=[9223372036854775807]>() a = Exp(x) ax = "
        "Constant<value_ints=[1]>() b = Slice(a, s, e, ax) y = Exp(b)"
    ),
    "expand": "sh = Constant<value_ints=[1,5,8]>() a = Exp(x) b = Expand(a, sh) y = Exp(b)",
    "tile1": "sh = Constant<value_ints=[1,1,1]>() a = Exp(x) b = Tile(a, sh) y = Exp(b)",
    "concat1": "a = Exp(x) b = Concat<axis=0>(a) y = Exp(b)",
    "transpose_id": "a = Exp(x) b = Transpose<perm=[0,1,2]>(a) y = Exp(b)",
    "transpose_size1": "a = Exp(x) b = Transpose<perm=[1,0,2]>(a) y = Exp(b)",
    "divmul": "a = Div(one, x) y = Mul(a, z)",
    "pow2": "y = Pow(x, two)",
    "relu_relu": "a = Relu(x) b = Relu(a) y = Exp(b)",
    "add0": "z0 = Constant<value=float {0.0}>() a = Exp(x) b = Add(a, z0) y = Exp(b)",
    "sub_dup": "a = Exp(x) b = Exp(x) y = Add(a, b)",
    "biassoft": "a = Add(p, q) y = Softmax<axis=-1>(a)",
    "reducemean": "ax = Constant<value_ints=[1]>() y = ReduceMean<keepdims=1>(x, ax)",
    "notwhere": "l = Less(x, z) k = Not(l) y = Where(k, x, z)",
    "gatherslice": "i = Constant<value=int64 {1}>() y = Gather<axis=1>(x, i)",
}
"""Products of matrices, activations written out, and nodes that do nothing."""

OTHERS = {
    "no_blocks_then_blocks": """(float[1,17,8,8] x, float[16,17,1,1] W, float[16] B, float[16,16,1,1] V) => (y) {
        b = Conv(x, W, B) c = Conv(b, V) d = Add(b, c) y = Relu(d) }""",
    "weights_that_vary": "(float[1,16,8,8] x, float[16,16,1,1] w) => (y) { b = Conv(x, w) y = Relu(b) }",
    "one_dimension": "(float[1,16,8] x, float[16,16,1] W) => (y) { b = Conv(x, W) y = Relu(b) }",
    "three_dimensions": """(float[1,16,8,8,8] x, float[16,16,1,1,1] W, float[16] B) => (y) {
        b = Conv(x, W) c = BatchNormalization(b, B, B, B, B) y = Relu(c) }""",
    "transposed_convolution": """(float[1,16,8,8] x, float[16,16,2,2] W, float[16] B) => (y) {
        b = ConvTranspose<strides=[2,2]>(x, W) c = BatchNormalization(b, B, B, B, B) y = Relu(c) }""",
    "gelu_on_blocks": """<ir_version: 9, opset_import: ["" : 20]> main (float[1,16,8,8] x, float[16,16,1,1] W) => (y) {
        c = Conv(x, W) y = Gelu(c) }""",
    "four_dimensional_constants": """(float[1,16,8,8] x, float[16,16,1,1] W, float[1,16,1,1] S, float[1,16,1,1] T) => (y) {
        c = Conv(x, W) d = Add(c, S) e = Mul(d, T) y = Relu(e) }""",
    "constants_of_one_value": """(float[1,16,8,8] x, float[16,16,1,1] W, float[1] S, float[1,1,1,1] T) => (y, z) {
        c = Conv(x, W) y = Add(c, S) d = Conv(y, W) z = Mul(d, T) }""",
    "a_slice_to_the_end": """(float[1,5,8] x) => (y) {
        s = Constant<value_ints=[0]>() e = Constant<value_ints=[5]>() a = Constant<value_ints=[1]>()
        b = Exp(x) c = Slice(b, s, e, a) y = Exp(c) }""",
    "global_pool_of_other_things": "(float[1,16,8,8] x) => (y) { a = Exp(x) y = GlobalAveragePool(a) }",
    "window_pool_of_other_things": "(float[1,16,8,8] x) => (y) { a = Exp(x) y = MaxPool<kernel_shape=[2,2]>(a) }",
    "few_channels": "(float[1,16,8,8] x, float[8,16,1,1] W, float[32,8,3,3] V) => (y) { a = Conv(x, W) y = Conv(a, V) }",
    "four_channels_apart": "(float[1,4,8,8] x, float[4,1,3,3] W) => (y) { a = Conv<group=4>(x, W) y = Relu(a) }",
    "blocks_in_groups": "(float[1,32,8,8] x, float[32,16,3,3] W) => (y) { a = Conv<group=2>(x, W) y = Relu(a) }",
    "parts_of_blocks_in_groups": "(float[1,32,8,8] x, float[32,4,3,3] W) => (y) { a = Conv<group=8>(x, W) y = Relu(a) }",
    "channels_last_before": """(float[1,8,8,16] x, float[16,16,1,1] W) => (y) {
        t = Transpose<perm=[0,3,1,2]>(x) c = Conv(t, W) y = Relu(c) }""",
    "channels_last_after": """(float[1,16,8,8] x, float[16,16,1,1] W) => (y) {
        c = Conv(x, W) t = Transpose<perm=[0,2,3,1]>(c) y = Exp(t) }""",
    "the_same_twice": """(float[1,16,8,8] x, float[1] u) => (y) {
        n = Constant<value=int64[4] {16,16,1,1}>() a = ConstantOfShape<value=float[1] {0.5}>(n)
        k = Constant<value=int64[4] {16,16,1,1}>() b = ConstantOfShape<value=float[1] {0.5}>(k)
        c = Conv(x, a) d = Conv(x, b) e = Relu(c) f = Exp(d) y = Mul(e, f) }""",
    "inside_a_branch": """(float[1,16,8,8] x, float[16,16,1,1] W, bool flag) => (y) {
        c = Conv(x, W) r = Relu(c)
        y = If (flag) <then_branch = g () => (float[1,16,8,8] p) { p = Exp(c) },
                       else_branch = h () => (float[1,16,8,8] q) { q = Tanh(r) }> }""",
}


def rounded(name: str) -> str:
    """A tensor rounded to 8 bits and widened again: `a` as `a_`."""
    return f"{name}8 = QuantizeLinear({name}, s, z) {name}_ = DequantizeLinear({name}8, s, z) "


QUANTIZED_INPUTS = """(float[1,16,8,8] x, float[1,16,8,8] x2, float[2,8] m, int8[16,16,1,1] W, int32[16] B,
    int8[8,6] M, int32[6] C) => (y)"""
QUANTIZED_CONSTANTS = """
    s = Constant<value=float {0.02}>() z = Constant<value=uint8 {128}>() z0 = Constant<value=uint8 {0}>()
    t = Constant<value=float {0.01}>() k = Constant<value=int8 {0}>() b = Constant<value=float {0.0002}>()
    kb = Constant<value=int32 {0}>()"""
WEIGHTS = "w = DequantizeLinear(W, t, k) bias = DequantizeLinear(B, b, kb) "
MATRIX = rounded("m") + "w = DequantizeLinear(M, t, k) "
X, X2, END = rounded("x"), rounded("x2"), "r8 = QuantizeLinear(r, s, z) y = DequantizeLinear(r8, s, z)"
CONV = X + WEIGHTS + "c = Conv(x_, w, bias) " + rounded("c")
QUANTIZED = {
    "conv": X + WEIGHTS + "r = Conv(x_, w, bias) " + END,
    "conv_relu": X + WEIGHTS + "c = Conv(x_, w, bias) r = Relu(c) " + END,
    "conv_relu_of_zero": (
        X + WEIGHTS + "c = Conv(x_, w, bias) r = Relu(c) r8 = QuantizeLinear(r, s, z0) y = DequantizeLinear(r8, s, z0)"
    ),
    "conv_not_rounded": X + WEIGHTS + "y = Conv(x_, w, bias)",
    "matmul": MATRIX + "r = MatMul(m_, w) " + END,
    "matmul_not_rounded": MATRIX + "y = MatMul(m_, w)",
    "matmul_computed": rounded("m") + "n = Transpose(m_) y = MatMul(m_, n)",
    "matmul_add": MATRIX + "c = DequantizeLinear(C, b, kb) a = MatMul(m_, w) r = Add(a, c) " + END,
    "gemm": MATRIX + "c = DequantizeLinear(C, b, kb) r = Gemm(m_, w, c) " + END,
    "gemm_not_rounded": MATRIX + "c = DequantizeLinear(C, b, kb) y = Gemm(m_, w, c)",
    "gemm_relu": MATRIX + "c = DequantizeLinear(C, b, kb) g = Gemm(m_, w, c) r = Relu(g) " + END,
    **{name.lower(): f"{X}{X2}r = {name}(x_, x2_) {END}" for name in ("Add", "Mul", "Sub")},
    "add_not_rounded": X + X2 + "y = Add(x_, x2_)",
    "concat": X + X2 + "r = Concat<axis=1>(x_, x2_) " + END,
    "softmax": X + "r = Softmax<axis=-1>(x_) " + END,
    **{name.lower(): f"{X}r = {name}(x_) {END}" for name in ("Sigmoid", "LeakyRelu", "Tanh", "Relu", "GlobalAveragePool")},
    "average": X + "r = AveragePool<kernel_shape=[2,2]>(x_) " + END,
    "largest": X + "r = MaxPool<kernel_shape=[2,2]>(x_) " + END,
    "reshape": X + "sh = Constant<value_ints=[16,64]>() r = Reshape(x_, sh) " + END,
    "transpose": X + "r = Transpose<perm=[0,2,3,1]>(x_) " + END,
    "reshape_conv": X + WEIGHTS + "sh = Constant<value_ints=[1,16,64,1]>() e = Reshape(x_, sh) r = Conv(e, w, bias) " + END,
    "where": X + X2 + "g = Less(x, x2) r = Where(g, x_, x2_) " + END,
    "split": X + "i, j = Split<axis=1, num_outputs=2>(x_) " + rounded("i") + rounded("j") + "a = Exp(i_) y = Add(a, j_)",
    "two_readers": CONV + "e = Exp(c_) f = Tanh(c_) y = Add(e, f)",
    "weights_alone": WEIGHTS + "y = Conv(x, w, bias)",
    "result_read_twice": X + WEIGHTS + "c = Conv(x_, w, bias) " + rounded("c") + "e = Exp(c) y = Add(c_, e)",
    "residual": CONV + "f = Conv(c_, w, bias) " + rounded("f") + "r = Add(c_, f_) " + END,
    "residual_of_input": CONV + "g = Add(c_, x_) " + rounded("g") + "r = Conv(g_, w, bias) " + END,
    "silu": CONV + "g = Sigmoid(c_) " + rounded("g") + "i = Mul(c_, g_) " + rounded("i") + "r = Conv(i_, w, bias) " + END,
    "conv_average": CONV + "g = AveragePool<kernel_shape=[2,2]>(c_) " + rounded("g") + "r = Conv(g_, w, bias) " + END,
    "conv_concat": CONV + "f = Conv(c_, w, bias) " + rounded("f") + "r = Concat<axis=1>(c_, f_) " + END,
    "conv_largest": CONV + "g = MaxPool<kernel_shape=[2,2]>(c_) " + rounded("g") + "r = Conv(g_, w, bias) " + END,
    "conv_flatten": CONV + "r = Flatten(c_) " + END,
    "conv_softmax": CONV + "r = Softmax<axis=-1>(c_) " + END,
}
"""Networks of 8 bits, as exporters write them: rounded and widened again between the operators of fractions."""

NETWORKS = {
    **{f"quantized_{name}": f"{QUANTIZED_INPUTS} {{ {QUANTIZED_CONSTANTS} {body} }}" for name, body in QUANTIZED.items()},
    **{f"image_{name}": f"{IMAGE_INPUTS} {{ {IMAGE_CONSTANTS} {body} }}" for name, body in IMAGES.items()},
    **{f"plain_{name}": f"{PLAIN_INPUTS} {{ {body} }}" for name, body in PLAIN.items()},
    **{f"matrix_{name}": f"{MATRIX_INPUTS} {{ {MATRIX_CONSTANTS} {body} }}" for name, body in MATRICES.items()},
    **OTHERS,
}
