'use strict';
// Reading the data, numbers and elements for people, and the ticks of a time axis.

const report = JSON.parse(document.getElementById('report-data').textContent);

/** How each kind of part is drawn, by its name: set by the scripts of the parts. */
const drawers = {};
/** What is done once, before the first drawing. */
const beforeDrawing = [];

const byId = id => document.getElementById(id);

function show(id, visible) {
  byId(id).hidden = !visible;
}

const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

/** Puts a sentence into an element. No line ends between a number and its per cent sign. */
function setText(id, text) {
  byId(id).textContent = text.replace(/(\d) %/g, '$1\u00a0%');
}

/** An element with text (never markup) and attributes. */
function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Four significant digits, thousands separated from 10,000 on: as format_number() does it for the tables. */
function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e9 || size < 1e-4) return value.toExponential(3).replace('-', '−');
  const decimals = Math.min(7, Math.max(0, 3 - Math.floor(Math.log10(size))));
  const text =
      size >= 9999.5 ?
          value.toLocaleString('en-US', {minimumFractionDigits: decimals, maximumFractionDigits: decimals}) :
          value.toFixed(decimals);
  return text.replace('-', '−');
}

/** The numbers of one column with the same decimals: four significant digits of the largest. */
function columnFormat(...columns) {
  const largest =
      Math.max(0, ...columns.map(column => column.reduce((most, v) => Math.max(most, Math.abs(v ?? 0)), 0)));
  if (largest === 0 || largest >= 1e9 || largest < 1e-4) return number;
  const decimals = Math.min(7, Math.max(0, 3 - Math.floor(Math.log10(largest))));
  const written = new Intl.NumberFormat(
      'en-US', {minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: largest >= 9999.5});
  return value => Number.isFinite(value) ? written.format(value).replace(/^-(?=[0.,]*$)/, '').replace('-', '−') : '–';
}

/** What a chart leaves out of `total` rows. */
function thinnedNote(rows, total, where) {
  if (rows.length === total) return '';
  const some = `${rows.length.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} rows`;
  return rows.at(-1) - rows[0] + 1 === rows.length ?
      `To keep this file small the chart has the last ${some}${where}.` :
      `The picture is thinned: it draws ${some}${where}, among them the lowest and the highest of every stretch.`;
}

const percent = share => share === null || share === undefined ? '–' : `${(share * 100).toFixed(0)}\u00a0%`;
const count = (n, one, many) => `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;

/** A table with a header row; the first column names the row. */
function fillTable(table, header, rows, caption) {
  const head = element('tr');
  for (const text of header) head.append(element('th', text, {scope: 'col'}));
  const body = element('tbody');
  for (const row of rows) {
    const line = element('tr');
    row.forEach(
        (cell, i) => line.append(i === 0 ? element('th', cell, {scope: 'row'}) : element('td', cell)));
    body.append(line);
  }
  const top = element('thead');
  top.append(head);
  table.replaceChildren(...(caption ? [element('caption', caption)] : []), top, body);
}

/** A number as programs read it, a text as it is. */
function plainCell(cell) {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  const text = String(cell).replace(/^◇ /, '').replace(/\u00a0/g, ' ');
  if (text === '–') return '';
  const figures = text.replace(/^−/, '-');
  return /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(figures) ? figures.replace(/,/g, '') : /^-?[\d.]/.test(figures) ? figures : text;
}

function csvText(rows) {
  const quoted = text => /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  return rows.map(row => row.map(cell => quoted(plainCell(cell))).join(',')).join('\r\n') + '\r\n';
}

/** Rows of a table as it stands, without columns of bars. */
function shownRows(table) {
  return [...table.querySelectorAll('tr')].map(
      tr => [...tr.children].filter(cell => !cell.classList.contains('bar-column')).map(cell => cell.textContent));
}

/**
 * A button that saves the table of a box as CSV. Where its rows are more, or more exact, than what is shown, the table
 * has a function `wholeRows` that gives them, names first.
 */
function offerCsv(box) {
  const table = box.querySelector('table');
  if (!table) return;
  const name = (box.getAttribute('aria-label') ?? byId(box.getAttribute('aria-labelledby'))?.textContent ?? 'table');
  const button = element('button', 'Save as CSV', {type: 'button', class: 'csv', 'aria-label': `Save as CSV: ${name}`});
  button.onclick = () => {
    const rows = table.wholeRows?.() ?? shownRows(table);
    // With a byte order mark, by which spreadsheets know the encoding.
    const address = URL.createObjectURL(new Blob(['\ufeff', csvText(rows)], {type: 'text/csv'}));
    const link = element('a', null, {href: address, download: `${name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')}.csv`});
    document.body.append(link);
    link.click();
    link.remove();
    URL.revokeObjectURL(address);
  };
  box.after(button);
}

const MOST_TABLE_ROWS = 1000;

/** Tables below a <summary>, built when the reader opens it. `make` returns [{header, rows, caption}]. */
function lazyTables(details, make) {
  details.querySelectorAll('.scroll, .csv').forEach(old => old.remove());
  let filled = false;
  const fill = () => {
    if (!details.open || filled) return;
    filled = true;
    for (const {header, rows, caption} of make()) {
      const box =
          element('div', null, {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption});
      const table = element('table');
      const cut = rows.length > MOST_TABLE_ROWS;
      fillTable(
          table, header, cut ? rows.slice(-MOST_TABLE_ROWS) : rows,
          cut ? `${caption}; the last ${MOST_TABLE_ROWS} of ${rows.length} drawn rows` : caption);
      box.append(table);
      details.append(box);
      offerCsv(box);
      if (cut) table.wholeRows = () => [header, ...rows];
    }
  };
  details.ontoggle = fill;
  fill();
}

// ---- time axis
// ----------------------------------------------------------------------------------------------------- Rows
// are the x values (so that any kind of time works); their labels are texts. Ticks sit where a year, month,
// day or hour begins, as many as fit.

const DATE = /^(\d{1,4})-(\d{1,2})(?:-(\d{1,2}))?(?:[T ](\d{1,2})(?::(\d{2}))?)?/;
const LEVELS = [
  {parts: 1, steps: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500], text: d => d[1]},
  {parts: 2, steps: [1, 2, 3, 6], text: d => `${d[1]}-${d[2]}`},
  {parts: 3, steps: [1, 2, 5, 10, 15], text: d => `${d[1]}-${d[2]}-${d[3]}`},
  {parts: 4, steps: [1, 2, 3, 6, 12], text: d => `${d[2]}-${d[3]} ${d[4]}:00`},
];

const datesOf = new WeakMap();
function dates(axis) {
  if (!datesOf.has(axis)) datesOf.set(axis, axis.label.map(label => DATE.exec(label)));
  return datesOf.get(axis);
}

/** The rows inside [low, high] where a part of the date (1 year, 2 month, 3 day, 4 hour) begins. */
function beginnings(axis, low, high, parts) {
  const found = [];
  const parsed = dates(axis);
  let before = null;
  for (let i = 0; i < axis.row.length; ++i) {
    const date = parsed[i];
    if (!date || date[parts] === undefined) return [];
    const key = date.slice(1, parts + 1).join('-');
    if (key !== before && before !== null && axis.row[i] >= low && axis.row[i] <= high)
      found.push({value: axis.row[i], date});
    if (before === null && Number(date[parts + 1] ?? 1) <= 1 && axis.row[i] >= low)
      found.push({value: axis.row[i], date});
    before = key;
  }
  return found;
}

/** Ticks [{value, text}], as many as fit side by side into `room` pixels. */
function timeTicks(axis, low, high, room) {
  const PIXELS_PER_LETTER = 6.8, GAP = 16;
  const most = letters => Math.max(2, Math.floor(room / (letters * PIXELS_PER_LETTER + GAP)));
  for (const level of LEVELS) {
    const all = beginnings(axis, low, high, level.parts);
    if (all.length < 3) continue;
    for (const step of level.steps) {
      const offset = level.parts === 1 || level.parts === 4 ? 0 : 1;
      const crowded = tick => level.parts === 3 && step > 1 && Number(tick.date[3]) === 31;  // the first is next
      const kept = all.filter(tick => (Number(tick.date[level.parts]) - offset) % step === 0 && !crowded(tick));
      if (kept.length >= 2 && kept.length <= most(level.text(kept[0].date).length))
        return kept.map(t => ({value: t.value, text: level.text(t.date)}));
    }
  }
  for (const level of LEVELS) {  // no round step fits: every so many of them
    const all = beginnings(axis, low, high, level.parts);
    if (all.length < 3) continue;
    const every = Math.ceil(all.length / most(level.text(all[0].date).length));
    return all.filter((_, i) => i % every === 0).map(t => ({value: t.value, text: level.text(t.date)}));
  }
  const inside = axis.row.map((row, i) => ({value: row, text: axis.label[i]}))
                     .filter(tick => tick.value >= low && tick.value <= high);
  if (inside.length > 2 && inside.every(tick => /^\d+$/.test(tick.text))) {  // plain counting: round numbers
    const places = most(inside.at(-1).text.length);
    const wanted = (Number(inside.at(-1).text) - Number(inside[0].text)) / places;
    const power10 = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
    const step = [1, 2, 5, 10].map(n => n * power10).find(n => n >= wanted);
    const round = inside.filter(tick => Number(tick.text) % step === 0);
    if (round.length >= 2) return round;
  }
  const longest = inside.reduce((length, tick) => Math.max(length, tick.text.length), 1);
  const step = Math.max(1, Math.ceil(inside.length / most(longest)));
  return inside.filter((_, i) => i % step === 0);
}
