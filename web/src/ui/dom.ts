// SPDX-License-Identifier: BSD-2-Clause
/** Small help with the document. */

/** The element with an id, of the type it must have: index.html and the scripts belong together. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return found;
}

/** Sets text only when it differs: less layout, and live regions stay silent. */
export function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Icons on a 24 x 24 grid, drawn as strokes. */
const ICONS = {
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  pause: 'M9 5v14M15 5v14',
  play: 'M8 5l11 7-11 7z',
  sound: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  muted: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.3 15.3L20 20',
  legend: 'M12 3.5l8.5 4.7-8.5 4.8-8.5-4.8zM4 12.3l8 4.5 8-4.5M4 16.3l8 4.5 8-4.5',
  list: 'M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1',
  lasso: 'M12 4.5c4.7 0 8.5 2.5 8.5 5.7s-3.8 5.7-8.5 5.7-8.5-2.5-8.5-5.7S7.3 4.5 12 4.5M7 14.6c-1.6 1.3-1.4 3.4.6 4.4',
  set: 'M4 17c3-8 5-8 8-3s5 4 8-6M4 17h.1M12 14h.1M20 8h.1',
  elsewhere: 'M4 7h3.5c4 0 5 10 9 10H20M4 17h3.5c1.6 0 2.7-1.6 3.6-3.4M13.2 9.7C14 8.2 15 7 16.5 7H20M17.5 4.5L20 7l-2.5 2.5M17.5 14.5L20 17l-2.5 2.5',
  back: 'M9 6L4 11l5 5M4.5 11H15a5 5 0 0 1 0 10h-3',
  close: 'M6 6l12 12M18 6L6 18',
  folder: 'M3.5 6.5h6l2 2.5h9v10h-17z',
  link: 'M14 4.5h5.5V10M19.5 4.5L11 13M10 6H5v13h13v-5',
  near: 'M12 12l-7-6M12 12l8-4M12 12l-3 8M12 12h.1M5 6h.1M20 8h.1M9 20h.1',
  whole: 'M4 12h2M8 8v8M12 4v16M16 8v8M20 12h-2',
  next: 'M6 5l9 7-9 7zM18 5v14',
  previous: 'M18 5l-9 7 9 7zM6 5v14',
  lock: 'M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z',
  unlock: 'M7 11V8a5 5 0 0 1 9.6-2M5.5 11h13v9h-13z',
  swap: 'M7 4L3.5 7.5 7 11M4 7.5h16M17 13l3.5 3.5L17 20M20 16.5H4',
  rect: 'M4 6h16v12H4z',
  pen: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  up: 'M6 14l6-6 6 6',
  down: 'M6 10l6 6 6-6',
  help: 'M9 9a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2.1M12 17.3v.2',
} as const;

export type Icon = keyof typeof ICONS;

export function setIcon(button: HTMLElement, icon: Icon): void {
  if (button.dataset.icon === icon) return;
  button.dataset.icon = icon;
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[icon]);
  svg.append(path);
  button.replaceChildren(svg);
}

type Child = Node | string | undefined;
type Properties<T> = Partial<Omit<T, 'style' | 'dataset' | 'children'>> & { class?: string; data?: Record<string, string>; aria?: Record<string, string> };

/** An element with its properties and children: text stays text. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  const { class: names, data, aria, ...rest } = properties;
  Object.assign(made, rest);
  if (names) made.className = names;
  for (const [key, value] of Object.entries(data ?? {})) made.dataset[key] = value;
  for (const [key, value] of Object.entries(aria ?? {})) made.setAttribute(key === 'role' ? key : `aria-${key}`, value);
  made.append(...children.filter((child): child is Node | string => child !== undefined));
  return made;
}

/** A button with an icon, or with words. */
export function button(label: string, action: () => void, options: { icon?: Icon; class?: string; key?: string } = {}): HTMLButtonElement {
  const made = h('button', { type: 'button', class: options.class ?? (options.icon ? 'icon' : 'plain') });
  if (options.icon) {
    setIcon(made, options.icon);
    made.setAttribute('aria-label', label);
    made.title = options.key ? `${label} (${options.key})` : label;
  } else made.textContent = label;
  made.addEventListener('click', action);
  return made;
}

/** "3:05". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** Hands a file to the browser's downloads. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = h('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
