// SPDX-License-Identifier: BSD-2-Clause
/** The points of /points.bin as regl-scatterplot shows them: see ../bench/peers.mjs. */
import createScatterplot from 'regl-scatterplot';
import { points, colours } from './points.js';

const { x, y, category, aspect } = await points();
const canvas = document.querySelector('canvas');
const { width, height } = canvas.getBoundingClientRect();
const scatterplot = createScatterplot({ canvas, width, height, pointSize: 3, colorBy: 'valueA', pointColor: colours(category), aspectRatio: aspect });
// Its normalized device coordinates: the longer side from -1 to 1.
await scatterplot.draw({ x, y, valueA: category }, { zDataType: 'categorical' });
