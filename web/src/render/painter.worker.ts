// SPDX-License-Identifier: BSD-2-Clause
/** The painter's worker: orders in, pictures out. */
import { Studio, type Order } from './studio';

const studio = new Studio();

self.onmessage = (event: MessageEvent<Order>) => {
  const work = studio.obey(event.data);
  if (work) self.postMessage(work, { transfer: [work.pixels.buffer] });
};
