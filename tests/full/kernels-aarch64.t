# SPDX-License-Identifier: BSD-2-Clause
# The convolution kernels, NEON among them, on an emulated aarch64: about five minutes.
exec "$(dirname "$0")/../kernel/aarch64"
