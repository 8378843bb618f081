/** What makes the heat map's cells answer to pointer and keys. */

interface MapData {
  readonly roles: readonly { readonly role: string; readonly shape: string }[];
  readonly measures: readonly {
    readonly key: string;
    readonly label: string;
    readonly unit: string;
    readonly cells: readonly string[];
    readonly steps: string;
    readonly range: readonly [string, string];
  }[];
}

/**
 * Brings the document's one heat map to life. The report carries this function's own text as its script: it may use
 * nothing but the document.
 */
export function activateHeatMap(): void {
  const element = (id: string): HTMLElement => document.getElementById(id)!;
  const data = JSON.parse(element('map-data').textContent!) as MapData;
  const map = element('map');
  const readout = element('readout');
  const cells = [...map.querySelectorAll('td')];
  const columns = data.roles.length;
  const hint = 'Point at a cell, or move with the arrow keys, to read one linear.';

  const show = (measure: MapData['measures'][number]): void => {
    for (const [i, cell] of cells.entries()) {
      cell.textContent = measure.cells[i]!;
      cell.className = `h${measure.steps[i]}`;
    }
    for (const caption of map.querySelectorAll('caption')) {
      caption.textContent = caption.textContent!.replace(/^.* of each/, `${measure.label} of each`);
    }
    element('scale-low').textContent = measure.range[0];
    element('scale-high').textContent = measure.range[1];
    element('scale-unit').textContent = measure.unit.trim();
  };

  const read = (index: number): void => {
    const { role, shape } = data.roles[index % columns]!;
    const name = document.createElement('b');
    name.textContent = `layers.${Math.floor(index / columns)}.${role}`;
    const values = data.measures.map(({ cells: texts, unit }) => texts[index]! + unit);
    readout.replaceChildren(name, ` ${shape}: ${values.join(', ')}.`);
  };

  const indexOf = (event: Event): number => cells.indexOf(event.target as HTMLTableCellElement);
  const leave = (): void => {
    if (!map.contains(document.activeElement)) readout.textContent = hint;
  };
  const moveTo = (index: number): void => {
    for (const cell of cells) cell.tabIndex = -1;
    cells[index]!.tabIndex = 0;
    cells[index]!.focus();
  };
  const steps: Readonly<Record<string, (from: number) => number>> = {
    ArrowLeft: (i) => (i % columns ? i - 1 : i),
    ArrowRight: (i) => ((i + 1) % columns ? i + 1 : i),
    ArrowUp: (i) => i - columns,
    ArrowDown: (i) => i + columns,
    Home: (i) => i - (i % columns),
    End: (i) => i - (i % columns) + columns - 1,
  };

  for (const table of map.querySelectorAll('table')) table.setAttribute('role', 'grid');
  for (const cell of cells) {
    cell.setAttribute('role', 'gridcell');
    cell.tabIndex = -1;
  }
  cells[0]!.tabIndex = 0;
  map.addEventListener('pointerover', (event) => {
    if (indexOf(event) >= 0) read(indexOf(event));
  });
  map.addEventListener('pointerleave', leave);
  map.addEventListener('click', (event) => {
    if (indexOf(event) >= 0) moveTo(indexOf(event));
  });
  map.addEventListener('focusin', (event) => {
    if (indexOf(event) >= 0) read(indexOf(event));
  });
  map.addEventListener('focusout', () => requestAnimationFrame(leave));
  map.addEventListener('keydown', (event) => {
    const from = indexOf(event);
    const to = from >= 0 && Object.hasOwn(steps, event.key) ? steps[event.key]!(from) : -1;
    if (!cells[to]) return;
    event.preventDefault();
    moveTo(to);
  });

  const choices = element('measures');
  choices.addEventListener('change', (event) => {
    show(data.measures.find(({ key }) => key === (event.target as HTMLInputElement).value)!);
  });
  choices.hidden = false;
  readout.hidden = false;
  readout.textContent = hint;
}
