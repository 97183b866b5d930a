// SPDX-License-Identifier: BSD-2-Clause
/** The sets that are kept in the library: open one, play it, give it another name, remove it. */
import { desk, type KeptSet } from '../desk';
import { button, h, plural } from './dom';

export interface KeptSetsEvents {
  /** One is to be worked on, or heard. */
  open(name: string, play: boolean): void;
  renamed(name: string, to: string): void;
  told(text: string): void;
}

/** What one does to a row: nothing, or one of the two that need a second step. */
type Step = 'look' | 'rename' | 'remove';

export class KeptSets {
  readonly element: HTMLDetailsElement;
  private readonly summary = h('summary');
  private readonly list = h('ul', { class: 'songs', aria: { label: 'Kept sets' } });
  private sets: readonly KeptSet[] = [];
  private step: { name: string; step: Step } = { name: '', step: 'look' };
  private turn = 0;

  constructor(private readonly events: KeptSetsEvents) {
    this.element = h('details', { class: 'kept', hidden: true }, this.summary, this.list);
  }

  get names(): readonly string[] {
    return this.sets.map(({ name }) => name);
  }

  /** Asks for the list anew. Where no musicmap serves the page there is none. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    try {
      const sets = await desk.kept();
      if (turn !== this.turn) return;
      this.sets = sets;
    } catch {
      if (turn === this.turn) this.sets = [];
    }
    this.show();
  }

  private show(): void {
    this.element.hidden = this.sets.length === 0;
    this.summary.textContent = `Kept sets (${this.sets.length})`;
    this.list.replaceChildren(...this.sets.map((set) => this.row(set)));
  }

  /** Shows a row in another way, and puts the focus where one goes on. */
  private take(name: string, step: Step): void {
    this.step = { name, step };
    this.show();
    const row = [...this.list.children].find((li) => li instanceof HTMLElement && li.dataset.set === name);
    row?.querySelector<HTMLElement>('[data-first]')?.focus();
  }

  private row(set: KeptSet): HTMLElement {
    const step = this.step.name === set.name ? this.step.step : 'look';
    const li = h('li', { data: { set: set.name } }, step === 'rename' ? this.naming(set) : step === 'remove' ? this.question(set) : this.plain(set));
    li.addEventListener('keydown', (e) => {
      if (e.key !== 'Escape' || step === 'look') return;
      e.stopPropagation(); // the drawer stays
      this.take(set.name, 'look');
    });
    return li;
  }

  private plain(set: KeptSet): HTMLElement {
    const { name } = set;
    const made = new Date(1000 * set.madeAt).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
    const about = `${plural(set.songs, 'song')} · ${set.version > 1 ? `version ${set.version} · ` : ''}${made}`;
    const text = h('button', { type: 'button', class: 'song', title: `Open “${name}”`, data: { first: '' } }, h('span', { class: 'two' }, h('b', {}, name), h('span', {}, about)));
    text.addEventListener('click', () => this.events.open(name, false));
    return h(
      'div',
      { class: 'set-row' },
      text,
      button(`Play “${name}”`, () => this.events.open(name, true), { icon: 'play' }),
      button(`Rename “${name}”`, () => this.take(name, 'rename'), { icon: 'pen' }),
      button(`Remove “${name}”`, () => this.take(name, 'remove'), { icon: 'close' }),
    );
  }

  private naming({ name }: KeptSet): HTMLElement {
    const field = h('input', { class: 'field', type: 'text', value: name, maxLength: 100, data: { first: '' }, aria: { label: `New name of “${name}”` } });
    const form = h('form', { class: 'pair' }, field, h('button', { type: 'submit', class: 'plain' }, 'Rename'));
    form.addEventListener('submit', (e) => {
      e.preventDefault();
      void this.rename(name, field.value.trim());
    });
    field.addEventListener('focus', () => field.select());
    return form;
  }

  private question(set: KeptSet): HTMLElement {
    const what = set.version > 1 ? `“${set.name}” and its ${set.version} versions` : `“${set.name}”`;
    const stay = button('No', () => this.take(set.name, 'look'), { class: 'plain' });
    stay.dataset.first = '';
    return h('div', { class: 'question', aria: { role: 'group', label: `Remove ${what}?` } }, h('p', {}, `Remove ${what} for good?`), h('div', { class: 'row' }, button('Remove', () => void this.remove(set.name), { class: 'plain' }), stay));
  }

  private async rename(name: string, to: string): Promise<void> {
    if (to !== name) {
      try {
        await desk.rename(name, to);
        this.events.renamed(name, to);
      } catch (error) {
        return this.events.told(error instanceof Error ? error.message : String(error));
      }
      await this.load();
    }
    this.take(to, 'look');
  }

  private async remove(name: string): Promise<void> {
    try {
      await desk.remove(name);
      this.events.told(`“${name}” is removed.`);
    } catch (error) {
      this.events.told(error instanceof Error ? error.message : String(error));
    }
    await this.load();
    const next = this.list.querySelector<HTMLElement>('[data-first]') ?? this.summary;
    if (!this.element.hidden) next.focus();
  }
}
