// SPDX-License-Identifier: BSD-2-Clause
// In place of packages that a peer imports and does not use here.
module.exports = {};
