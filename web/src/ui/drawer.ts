// SPDX-License-Identifier: BSD-2-Clause
/**
 * The rail of tools at the map's edge and the one drawer that opens beside it: map first, one panel at
 * a time, folded away by default.
 */
import { button, element, setText, type Icon } from './dom';

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly icon: Icon;
  readonly key: string;
  readonly body: HTMLElement;
  /** What gets the focus when it opens; the body's first control otherwise. */
  focus?(): HTMLElement | undefined;
  opened?(): void;
  closed?(): void;
}

export class Drawer {
  private readonly rail = element('rail', HTMLElement);
  private readonly root = element('drawer', HTMLElement);
  private readonly title = element('drawer-title', HTMLElement);
  private readonly body = element('drawer-body', HTMLElement);
  private readonly tools = new Map<string, { tool: Tool; opener: HTMLButtonElement | undefined }>();
  private current: Tool | undefined;

  constructor(private readonly changed: () => void) {
    const close = button('Close', () => this.close(), { icon: 'close', key: 'Esc' });
    close.id = 'drawer-close';
    element('drawer-head', HTMLElement).append(close);
    this.root.addEventListener('keydown', (e) => {
      if (e.key !== 'Escape' || e.defaultPrevented) return;
      e.preventDefault();
      e.stopPropagation();
      this.close();
    });
  }

  /** inRail: with a button of its own; else it opens from elsewhere. */
  add(tool: Tool, inRail = true): void {
    let opener: HTMLButtonElement | undefined;
    if (inRail) {
      opener = button(tool.title, () => this.toggle(tool.name), { icon: tool.icon, key: tool.key });
      opener.id = `tool-${tool.name}`;
      opener.setAttribute('aria-expanded', 'false');
      opener.setAttribute('aria-controls', 'drawer');
      this.rail.append(opener);
    }
    tool.body.hidden = true;
    this.body.append(tool.body);
    this.tools.set(tool.name, { tool, opener });
  }

  /** A button that only does something. */
  addAction(name: string, title: string, icon: Icon, key: string, action: () => void): HTMLButtonElement {
    const made = button(title, action, { icon, key });
    made.id = `tool-${name}`;
    this.rail.append(made);
    return made;
  }

  get open(): string | undefined {
    return this.current?.name;
  }

  toggle(name: string): void {
    if (this.current?.name === name) this.close();
    else this.show(name);
  }

  /** quietly: without taking the focus. */
  show(name: string, quietly = false): void {
    const entry = this.tools.get(name);
    if (!entry || this.current === entry.tool) {
      if (entry && !quietly) this.focusIn(entry.tool);
      return;
    }
    if (this.current) this.leave(this.current);
    this.current = entry.tool;
    this.root.hidden = false;
    entry.tool.body.hidden = false;
    entry.opener?.setAttribute('aria-expanded', 'true');
    setText(this.title, entry.tool.title);
    document.body.classList.add('drawn');
    entry.tool.opened?.();
    if (!quietly) this.focusIn(entry.tool);
    this.changed();
  }

  close(): boolean {
    const tool = this.current;
    if (!tool) return false;
    const inside = this.root.contains(document.activeElement);
    this.leave(tool);
    this.root.hidden = true;
    document.body.classList.remove('drawn');
    if (inside) (this.tools.get(tool.name)?.opener ?? element('map', HTMLElement)).focus({ preventScroll: true });
    this.changed();
    return true;
  }

  private leave(tool: Tool): void {
    this.current = undefined;
    tool.body.hidden = true;
    this.tools.get(tool.name)?.opener?.setAttribute('aria-expanded', 'false');
    tool.closed?.();
  }

  private focusIn(tool: Tool): void {
    const target = tool.focus?.() ?? tool.body.querySelector<HTMLElement>('input, button, select, [tabindex]');
    (target ?? element('drawer-close', HTMLElement)).focus({ preventScroll: true });
  }
}
