// SPDX-License-Identifier: BSD-2-Clause
/** The keyboard. Keys with modifiers belong to the browser; sliders and buttons keep their own. */
export interface KeyActions {
  zoom(factor: number): void;
  fit(): void;
  /** To the next song in a direction; y upward. */
  go(dx: number, dy: number): void;
  /** To the next or previous song of the tour. */
  tour(step: 1 | -1): void;
  pause(): void;
  mute(): void;
  pin(): void;
  /** true when there was something to let go of. */
  escape(): boolean;
  help(): void;
  /** Any other key, for the tools; true when it was one of theirs. */
  tool(key: string): boolean;
}

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export class Keys {
  /** After Escape the next Tab leaves the map: it must not be a trap. */
  private tabLeaves = false;

  constructor(private readonly map: HTMLElement, private readonly actions: KeyActions, private readonly asleep: () => boolean) {
    document.addEventListener('keydown', (e) => this.key(e));
    map.addEventListener('focus', () => (this.tabLeaves = false));
  }

  private key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.altKey || e.metaKey || e.defaultPrevented || this.asleep()) return;
    if (isTyping(document.activeElement)) return;
    const onMap = document.activeElement === this.map || document.activeElement === document.body;
    const done = this.anywhere(e) || (onMap && this.onMap(e));
    if (done) e.preventDefault();
  }

  private anywhere(e: KeyboardEvent): boolean {
    const { actions } = this;
    switch (e.key) {
      case '+':
      case '=':
        actions.zoom(1.5);
        return true;
      case '-':
      case '_':
        actions.zoom(1 / 1.5);
        return true;
      case 'm':
      case 'M':
        actions.mute();
        return true;
      case '?':
        actions.help();
        return true;
      case 'Escape':
        if (!actions.escape()) this.tabLeaves = true;
        return true;
      default:
        return actions.tool(e.key);
    }
  }

  private onMap(e: KeyboardEvent): boolean {
    const { actions } = this;
    const arrow = ARROWS[e.key];
    if (arrow) {
      actions.go(...arrow);
      return true;
    }
    switch (e.key) {
      case 'Tab':
        if (this.tabLeaves || document.activeElement !== this.map) return false;
        actions.tour(e.shiftKey ? -1 : 1);
        return true;
      case ' ':
        actions.pause();
        return true;
      case 'Enter':
        actions.pin();
        return true;
      case 'Home':
        actions.fit();
        return true;
      default:
        return false;
    }
  }
}

/** Letters belong to whoever writes them. */
function isTyping(element: Element | null): boolean {
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && element.type !== 'range' && element.type !== 'checkbox';
}
