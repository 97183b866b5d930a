// SPDX-License-Identifier: BSD-2-Clause
/** The points of /points.bin as embedding-atlas shows them: see ../bench/peers.mjs. */
import { EmbeddingView } from 'embedding-atlas';
import { points, colours } from './points.js';

const { x, y, category } = await points();
const host = document.getElementById('host');
const { width, height } = host.getBoundingClientRect();
new EmbeddingView(host, { data: { x, y, category }, categoryColors: colours(category), width, height, config: { mode: 'points', autoLabelEnabled: false } });
