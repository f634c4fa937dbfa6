"""Small networks, at least one for each shape rule; ONNX Runtime runs them all, so it can say what is true."""

SET_23 = '<ir_version: 10, opset_import: ["" : 23]> graph '
"""What stands before networks of newer operators than the others have."""
OPERATORS: dict[str, str] = {
    "conv": """(float[1,4,9,8] x, float[6,2,3,3] w) => (y) {
        y = Conv<group=2, strides=[2,1], pads=[1,0,2,1], dilations=[1,2]>(x, w) }""",
    "conv_same_upper": '(float[1,4,9,8] x, float[6,4,3,3] w) => (y) { y = Conv<auto_pad="SAME_UPPER", strides=[2,2]>(x, w) }',
    "conv_valid": '(float[1,4,9,8] x, float[6,4,3,3] w) => (y) { y = Conv<auto_pad="VALID">(x, w) }',
    "conv_1d": "(float[1,4,9] x, float[6,4,3] w) => (y) { y = Conv<strides=[2]>(x, w) }",
    "conv_3d": "(float[1,4,9,5,5] x, float[6,4,3,1,1] w) => (y) { y = Conv(x, w) }",
    "conv_integer": "(uint8[1,4,9,8] x, uint8[6,4,3,3] w) => (y) { y = ConvInteger(x, w) }",
    "conv_quantized": """(uint8[1,4,9,8] x, uint8[6,4,3,3] w) => (y) {
        s = Constant<value_float=0.1>() z = Constant<value=uint8 {3}>()
        y = QLinearConv(x, s, z, w, s, z, s, z) }""",
    "conv_transpose": """(float[1,4,9,8] x, float[4,3,3,3] w) => (y) {
        y = ConvTranspose<group=2, strides=[2,3], pads=[1,0,1,1], output_padding=[1,2]>(x, w) }""",
    "conv_transpose_to": """(float[1,4,9,8] x, float[4,3,3,3] w) => (y) {
        y = ConvTranspose<output_shape=[19,17], strides=[2,2]>(x, w) }""",
    "conv_transpose_same": """(float[1,4,9,8] x, float[4,3,3,3] w) => (y) {
        y = ConvTranspose<auto_pad="SAME_UPPER", strides=[2,2]>(x, w) }""",
    "max_pool": "(float[1,4,9,8] x) => (y, i) { y, i = MaxPool<kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,0]>(x) }",
    "max_pool_ceil": "(float[1,4,10,7] x) => (y) { y = MaxPool<kernel_shape=[2,2], strides=[3,3], ceil_mode=1>(x) }",
    "max_pool_ceil_beyond": """(float[1,4,5,6] x) => (y) {
        y = MaxPool<kernel_shape=[2,2], strides=[3,3], pads=[0,0,1,1], ceil_mode=1>(x) }""",
    "max_pool_dilated": "(float[1,4,9,8] x) => (y) { y = MaxPool<kernel_shape=[3,2], dilations=[2,3]>(x) }",
    "average_pool": """(float[1,4,9,8] x) => (y) {
        y = AveragePool<kernel_shape=[3,2], auto_pad="SAME_LOWER", strides=[2,3]>(x) }""",
    "max_pool_channels_last": """(uint8[1,9,8,4] x) => (y) {
        y = com.microsoft.NhwcMaxPool<kernel_shape=[3,2], strides=[2,2]>(x) }""",
    "concat_quantized": """(uint8[1,4,9] x, uint8[1,3,9] w) => (y) {
        s = Constant<value_float=0.1>() z = Constant<value=uint8 {3}>()
        y = com.microsoft.QLinearConcat<axis=1>(s, z, x, s, z, w, s, z) }""",
    "global_pool": "(float[1,4,9,8] x) => (y) { y = GlobalAveragePool(x) }",
    "gemm": "(float[3,5] a, float[7,3] b, float[7] c) => (y) { y = Gemm<transA=1, transB=1>(a, b, c) }",
    "matmul": "(float[2,1,3,4] a, float[5,4,6] b) => (y) { y = MatMul(a, b) }",
    "matmul_vectors": "(float[4] a, float[4] b) => (y) { y = MatMul(a, b) }",
    "matmul_row": "(float[4] a, float[2,4,3] b) => (y) { y = MatMul(a, b) }",
    "matmul_column": "(float[2,3,4] a, float[4] b) => (y) { y = MatMul(a, b) }",
    "matmul_integer": "(uint8[3,4] a, uint8[4,6] b) => (y) { y = MatMulInteger(a, b) }",
    "einsum": '(float[2,3,4] a, float[2,4,5] b) => (y) { y = Einsum<equation="bij, bjk -> bik">(a, b) }',
    "einsum_implicit": '(float[2,3] b, float[3,4] a) => (y) { y = Einsum<equation="zy,ya">(b, a) }',
    "lstm": """(float[7,2,5] x, float[1,12,5] w, float[1,12,3] r) => (y, h, c) { y, h, c = LSTM<hidden_size=3>(x, w, r) }""",
    "gru_both_ways": """(float[7,2,5] x, float[2,9,5] w, float[2,9,3] r) => (y, h) {
        y, h = GRU<hidden_size=3, direction="bidirectional">(x, w, r) }""",
    "add": "(float[4,1,3] a, float[5,1] b) => (y) { y = Add(a, b) }",
    "where": "(bool[4,1] c, float[3] a, float b) => (y) { y = Where(c, a, b) }",
    "compare": "(float[4,1] a, float[3] b) => (y) { y = LessOrEqual(a, b) }",
    "several": "(float[4,1] a, float[3] b, float c) => (y) { y = Max(a, b, c) }",
    "prelu": "(float[1,4,3,3] x, float[4,1,1] s) => (y) { y = PRelu(x, s) }",
    "normal": "(float[1,4,3,3] x, float[4] s) => (y) { y = BatchNormalization(x, s, s, s, s) }",
    "dropout": "(float[4,3] x) => (y, m) { y, m = Dropout(x) }",
    "cast": "(float[4,3] x) => (y) { y = Cast<to=10>(x) }",
    "quantize": """(float[4,3] x) => (y, z) {
        s = Constant<value_float=0.1>() o = Constant<value=int8 {3}>()
        y = QuantizeLinear(x, s, o) z = DequantizeLinear(y, s, o) }""",
    "quantize_dynamic": "(float[4,3] x) => (y, s, z) { y, s, z = DynamicQuantizeLinear(x) }",
    "reshape": "(float[2,3,4] x) => (y) { s = Constant<value_ints=[0,-1,2]>() y = Reshape(x, s) }",
    "flatten": "(float[2,3,4] x) => (y, z) { y = Flatten<axis=-1>(x) z = Flatten<axis=3>(x) }",
    "squeeze": "(float[1,3,1,4] x) => (y, z) { a = Constant<value_ints=[-2]>() y = Squeeze(x, a) z = Squeeze(x) }",
    "unsqueeze": "(float[3,4] x) => (y) { a = Constant<value_ints=[-1,0]>() y = Unsqueeze(x, a) }",
    "transpose": "(float[2,3,4] x) => (y, z) { y = Transpose<perm=[1,2,0]>(x) z = Transpose(x) }",
    "concat": "(float[2,3,4] a, float[2,5,4] b) => (y) { y = Concat<axis=-2>(a, b) }",
    "split": "(float[2,7] x) => (a, b) { s = Constant<value_ints=[3,4]>() a, b = Split<axis=1>(x, s) }",
    "split_evenly": "(float[2,7] x) => (a, b, c) { a, b, c = Split<axis=1, num_outputs=3>(x) }",
    "slice": """(float[9,8,7] x) => (y) {
        s = Constant<value_ints=[1,-1]>() e = Constant<value_ints=[1000,-1000]>()
        a = Constant<value_ints=[0,-1]>() t = Constant<value_ints=[2,-3]>() y = Slice(x, s, e, a, t) }""",
    "pad": "(float[2,3] x) => (y) { p = Constant<value_ints=[1,0,2,4]>() y = Pad(x, p) }",
    "pad_axes": """(float[2,3,4] x) => (y) {
        p = Constant<value_ints=[1,2]>() a = Constant<value_ints=[-1]>() y = Pad(x, p, , a) }""",
    "expand": "(float[3,1] x) => (y) { s = Constant<value_ints=[2,1,6]>() y = Expand(x, s) }",
    "tile": "(float[3,1] x) => (y) { s = Constant<value_ints=[2,5]>() y = Tile(x, s) }",
    "depth_to_space": "(float[1,8,2,3] x) => (y) { y = DepthToSpace<blocksize=2>(x) }",
    "space_to_depth": "(float[1,2,4,6] x) => (y) { y = SpaceToDepth<blocksize=2>(x) }",
    "resize_by": """(float[1,2,5,7] x) => (y) { s = Constant<value_floats=[1.0,1.0,1.7,0.6]>() y = Resize(x, , s) }""",
    "resize_to": """(float[1,2,5,7] x) => (y) { s = Constant<value_ints=[1,2,11,3]>() y = Resize(x, , , s) }""",
    "resize_within": """(float[1,2,5,7] x) => (y) {
        s = Constant<value_ints=[11,9]>() y = Resize<axes=[3,2], keep_aspect_ratio_policy="not_larger">(x, , , s) }""",
    "gather": "(float[5,4] x) => (y) { i = Constant<value=int64[2,3] {0,1,2,2,1,0}>() y = Gather<axis=1>(x, i) }",
    "gather_elements": "(float[3,3] x, int64[2,3] i) => (y) { y = GatherElements(x, i) }",
    "gather_nd": "(float[4,5,6] x, int64[3,2] i) => (y) { y = GatherND(x, i) }",
    "top_k": "(float[3,9] x) => (v, i) { k = Constant<value_ints=[4]>() v, i = TopK(x, k) }",
    "one_hot": "(int64[3] i, float[2] v) => (y) { d = Constant<value_int=7>() y = OneHot<axis=0>(i, d, v) }",
    "arg_max": "(float[3,9] x) => (y, z) { y = ArgMax<axis=-1>(x) z = ArgMin<axis=0, keepdims=0>(x) }",
    "reduce_attribute": '<ir_version: 8, opset_import: ["" : 13]> graph '
    + "(float[3,9,2] x) => (y, z) { y = ReduceMean<axes=[0,-1]>(x) z = ReduceMax<keepdims=0>(x) }",
    "reduce_input": "(float[3,9,2] x) => (y) { a = Constant<value_ints=[1]>() y = ReduceSum<keepdims=0>(x, a) }",
    "reduce_nothing": "(float[3,9] x) => (y) { y = ReduceSum<noop_with_empty_axes=1>(x) }",
    "grid_sample": "(float[1,4,5,6] x, float[1,2,3,2] g) => (y) { y = GridSample(x, g) }",
    "range": """() => (y) {
        a = Constant<value_int=2>() b = Constant<value_int=11>() c = Constant<value_int=4>() y = Range(a, b, c) }""",
    "constant_of_shape": "() => (y) { s = Constant<value_ints=[2,3]>() y = ConstantOfShape<value=int64[1] {5}>(s) }",
    "random": "() => (y) { y = RandomNormal<shape=[2,3]>() }",
    "non_zero": "() => (y) { x = Constant<value=float[2,2] {0.0,1.0,2.0,0.0}>() y = NonZero(x) }",
    "float_constants": "() => (a, b) { a = Constant<value_floats=[1.0,2.0]>() b = Constant<value_float=2.5>() }",
    "lstm_quantized": """(float[7,2,5] x, int8[1,5,12] w, int8[1,3,12] r, float[1] s, int8[1] z) => (y, h, c) {
        y, h, c = com.microsoft.DynamicQuantizeLSTM<hidden_size=3>(x, w, r, , , , , , s, z, s, z) }""",
    "attention": SET_23 + """(float[2,4,5,8] q, float[2,2,6,8] k, float[2,2,6,3] v) => (y) { y = Attention(q, k, v) }""",
    "attention_merged": SET_23
    + """(float[2,5,32] q, float[2,6,16] k, float[2,6,6] v, float[2,2,3,8] ek, float[2,2,3,3] ev) => (y, ks, vs, s) {
        y, ks, vs, s = Attention<q_num_heads=4, kv_num_heads=2>(q, k, v, , ek, ev) }""",
    "attention_projected": """(float[2,5,8] x, float[8,24] w, float[24] b) => (y, kv) {
        y, kv = com.microsoft.Attention<num_heads=2>(x, w, b) }""",
    "attention_of_encoder": """(float[2,5,8] q, float[2,6,8] k, float[2,6,4] v) => (y) {
        y = com.microsoft.MultiHeadAttention<num_heads=2>(q, k, v) }""",
    "rotary": SET_23 + "(float[2,4,5,8] x, float[2,5,4] c, float[2,5,4] s) => (y) { y = RotaryEmbedding(x, c, s) }",
    "fourier": """(float[2,9,1] x, float[2,9,2] z) => (a, b, c) {
        n = Constant<value_int=12>() a = DFT(x, n) b = DFT<onesided=1>(x) c = DFT<inverse=1>(z) }""",
    "fourier_axis": SET_23
    + """(float[2,9,7,1] x, float[2,7,2] z) => (a, b) {
        i = Constant<value_int=-3>() a = DFT<onesided=1>(x, , i)
        n = Constant<value_int=12>() b = DFT<onesided=1, inverse=1>(z, n) }""",
    "short_time_fourier": """(float[2,90,1] x, float[16] w) => (a, b) {
        s = Constant<value_int=7>() a = STFT(x, s, w) n = Constant<value_int=20>() b = STFT<onesided=0>(x, s, , n) }""",
    "signal_windows": """() => (a, b, m) {
        n = Constant<value_int=20>() a = HannWindow(n) b = BlackmanWindow<output_datatype=11>(n)
        f = Constant<value_int=6>() r = Constant<value_int=8000>() l = Constant<value_float=0.0>()
        h = Constant<value_float=4000.0>() m = MelWeightMatrix(f, n, r, l, h) }""",
    "loop_so_often": """(float[2,3] x) => (last, y) {
        n = Constant<value_int=5>()
        last, y = Loop(n, , x) <body = g (int64 i, bool more, float[2,3] s) => (bool on, float[2,3] t, float[3,2] u) {
            on = Identity(more) t = Relu(s) u = Transpose(s) }> }""",
    "loop_while": """(float[9,3] x) => (last, rows) {
        zero = Constant<value_int=2>() all = Shape<end=1>(x) n = Squeeze(all) go = Less(zero, n)
        last, rows = Loop(, go, zero) <body = g (int64 i, bool more, int64 at) => (bool on, int64 next, float[3] row) {
            row = Gather(x, at) two = Constant<value_int=2>() next = Add(at, two) on = Less(next, n) }> }""",
    "loop_while_below": """(float[4] x) => (last, y) {
        most = Constant<value_int=100>() limit = Constant<value_int=6>() yes = Less(limit, most)
        last, y = Loop(most, yes, x) <body = g (int64 i, bool more, float[4] s) => (bool on, float[4] t, int64 u) {
            on = Less(i, limit) t = Exp(s) u = Identity(i) }> }""",
    "scan": """(float[1,3] s, float[5,7,3] x) => (last, y) {
        last, y = Scan<num_scan_inputs=1, scan_input_axes=[1], scan_output_axes=[-1],
            body = g (float[1,3] s, float[5,3] row) => (float[1,3] t, float[5,3] u) { u = Add(row, s) t = Relu(s) }>(s, x) }""",
}

ARITHMETIC: dict[str, str] = {
    "half_the_height": """(float[1,3,32,48] x) => (y) {
        s = Shape(x) two = Constant<value_int=2>() h = Gather(s, two) half = Div(h, two)
        zero = Constant<value_ints=[0]>() i = Unsqueeze(half, zero) m = Constant<value_ints=[1,-1]>()
        t = Concat<axis=0>(m, i) y = Reshape(x, t) }""",
    "upsampled_by_floats": """(float[1,3,5,7] x) => (y) {
        s = Shape<start=2>(x) f = Cast<to=1>(s) k = Constant<value_float=1.5>() g = Mul(f, k) c = Floor(g)
        i = Cast<to=7>(c) n = Shape<end=2>(x) t = Concat<axis=0>(n, i) y = Resize(x, , , t) }""",
    "negative_division": """() => (y, z) {
        a = Constant<value_ints=[-7,7]>() b = Constant<value_ints=[2,-2]>() y = Div(a, b) z = Mod(a, b) }""",
    "sliced_and_reduced": """(float[2,3,4,5] x) => (y, z) {
        s = Shape(x) a = Constant<value_ints=[1]>() e = Constant<value_ints=[9]>() t = Slice(s, a, e)
        y = ReduceProd(t) n = Size(x) z = Sub(n, y) }""",
    "chosen": """(float[2,3] x) => (y, z) {
        s = Shape(x) m = Constant<value_ints=[-1,3]>() q = Equal(s, m) n = Not(q) y = Where(q, s, m) z = Min(s, m) }""",
    "moved": """() => (t, u, w) {
        a = Constant<value=int64[2,2] {1,2,3,4}>() t = Transpose<perm=[1,0]>(a) r = Constant<value_ints=[1,2]>()
        u = Tile(a, r) e = Constant<value_ints=[3,2,2]>() w = Expand(a, e) }""",
    "fractions": """() => (a, b, c, d) {
        x = Constant<value_floats=[0.25,4.0]>() a = Sqrt(x) b = Reciprocal(x) p = Constant<value_float=2.0>()
        c = Pow(x, p) d = Div(x, p) }""",
}
"""Networks that compute sizes as they run; their contents are checked too."""
