/* SPDX-License-Identifier: MIT */
/* All kernels of the backend, under TensorFlow.js's names. */
export {
  Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput, DepthwiseConv2dNative, DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput, FusedConv2D, FusedDepthwiseConv2D,
} from './conv.js';
export { Conv3D, Conv3DBackpropFilterV2, Conv3DBackpropInputV2 } from './conv3d.js';
export { Complex, ComplexAbs, FFT, IFFT, Imag, Real } from './complex.js';
export { BatchMatMul, _FusedMatMul } from './matmul.js';
export {
  AvgPool, AvgPool3D, AvgPool3DGrad, AvgPoolGrad, MaxPool, MaxPool3D, MaxPool3DGrad, MaxPoolGrad, MaxPoolWithArgmax,
  Pool,
} from './pool.js';
export {
  Abs, Acos, Acosh, Add, AddN, Asin, Asinh, Atan, Atan2, Atanh, BitwiseAnd, Ceil, ClipByValue, Cos, Cosh, Elu, EluGrad,
  Equal, Erf, Exp, Expm1, Floor, FloorDiv, Greater, GreaterEqual, IsFinite, IsInf, IsNan, LeakyRelu, Less, LessEqual,
  Log, Log1p, LogicalAnd, LogicalNot, LogicalOr, LogicalXor, Maximum, Minimum, Mod, Multiply, Neg, NotEqual, Pow, Prelu,
  RealDiv, Reciprocal, Relu, Relu6, Round, Rsqrt, Select, Selu, Sigmoid, Sign, Sin, Sinh, Softplus, Sqrt, Square,
  SquaredDifference, Step, Sub, Tan, Tanh,
} from './elementwise.js';
export {
  All, Any, ArgMax, ArgMin, Cumprod, Cumsum, FusedBatchNorm, LogSoftmax, Max, Mean, Min, Prod, Softmax, Sum, TopK,
} from './rows.js';
export { Dilation2D, Dilation2DBackpropFilter, Dilation2DBackpropInput, LRN, LRNGrad } from './filters.js';
export {
  CropAndResize, FlipLeftRight, ResizeBilinear, ResizeBilinearGrad, ResizeNearestNeighbor, ResizeNearestNeighborGrad,
  RotateWithOffset, Transform,
} from './images.js';
export {
  BroadcastTo, Cast, Concat, ExpandDims, Fill, GatherNd, GatherV2, Identity, MirrorPad, OnesLike, Pack, PadV2,
  Reshape, Reverse, Slice, SplitV, StridedSlice, Tile, Transpose, Unpack, ZerosLike,
} from './movement.js';
export { BatchToSpaceND, DepthToSpace, SpaceToBatchND } from './blocks.js';
export { NonMaxSuppressionV3, NonMaxSuppressionV4, NonMaxSuppressionV5 } from './boxes.js';
export { Einsum } from './einsum.js';
export { BroadcastArgs, LinSpace, Multinomial, Range } from './generate.js';
export {
  Bincount, DenseBincount, Diag, LowerBound, MatrixBandPart, OneHot, ScatterNd, SearchSorted, SparseSegmentMean,
  SparseSegmentSum, SparseToDense, TensorScatterUpdate, UnsortedSegmentSum, UpperBound,
} from './indexing.js';
export { Draw, FromPixels } from './pixels.js';
export { RaggedGather, RaggedRange, RaggedTensorToTensor } from './ragged.js';
export { SparseFillEmptyRows, SparseReshape, Unique } from './sparse.js';
export { StaticRegexReplace, StringNGrams, StringSplit, StringToHashBucketFast } from './strings.js';
