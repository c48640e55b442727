'use strict';
// The table of all series, and the choice of the one that the charts show.

const PAGE_ROWS = 15;
const skill = v => v === null ? '–' : v.toFixed(2).replace('-', '−');
const COLUMNS = [
  // title, place in a row of report.series_table that it is sorted by, name of the measure, how it is written
  {title: 'Series', at: 0},
  {title: 'MAE', at: 3, by: 'mae'},
  {title: 'RMSE', at: 4, by: 'rmse'},
  {title: 'MASE', at: 5, by: 'mase'},
  {title: 'sMAPE %', at: 6, by: 'smape'},
  {title: 'Seasonal naive', at: 7},
  {title: 'Best baseline', at: 9, text: row => row[8] === null ? '–' : `${row[8]} ${number(row[9])}`},
  {title: 'Skill', at: 10, text: row => skill(row[10])},
  {title: 'Rows', at: 2, text: row => row[2].toLocaleString('en-US')},
];
const list = {sortedBy: null, descending: true, page: 0, found: []};

function chooseSeries(number_) {
  chosenSeries = number_;
  const select = byId('series');
  if (select.options.length > 0) select.value = String(number_);
  drawSeries();
}

function offerSeries() {
  if (report.series.length < 2) return;
  const select = byId('series');
  report.series.forEach((series, i) => select.append(element('option', series.name || `series ${i + 1}`, {value: i})));
  select.onchange = () => chooseSeries(Number(select.value));
  const step = by => chooseSeries((chosenSeries + by + report.series.length) % report.series.length);
  byId('series-previous').onclick = () => step(-1);
  byId('series-next').onclick = () => step(1);
  say('series-note', report.series_total > report.series.length ?
      `${report.series.length.toLocaleString('en-US')} of ${report.series_total.toLocaleString('en-US')} can be drawn` :
      '');
  show('series-choice', true);
}

const shownColumns = () => COLUMNS.filter(c => c.at === 0 || c.at === 2 || report.series_table.rows.some(row => row[c.at] !== null));

function listSeries() {
  if (!report.series_table || !byId('series-table')) return;
  const {by, rows} = report.series_table;
  list.sortedBy = COLUMNS.find(c => c.by === by && by !== '')?.at ?? null;
  byId('series-search').oninput = () => {
    list.page = 0;
    fillSeriesTable();
  };
  byId('series-back').onclick = () => {
    --list.page;
    fillSeriesTable();
  };
  byId('series-on').onclick = () => {
    ++list.page;
    fillSeriesTable();
  };
  const undrawn = report.series_total - report.series.length;
  const unlisted = report.series_total - rows.length;
  const notes = [];
  if (rows.some(row => row[10] !== null))
    notes.push('Seasonal naive and best baseline: their RMSE. The best one is that with the lowest error of this series; skill is measured against it: 1\u00a0−\u00a0RMSE\u00a0/\u00a0its\u00a0RMSE, so 0.31 is an error 31 % below.');
  if (undrawn > 0)
    notes.push(`To keep this file small it holds the charts of ${report.series.length.toLocaleString('en-US')} series: those with one of the most surprising rows, the worst and an even choice of the others. Those of ${
        undrawn.toLocaleString('en-US')} are left out (grey names).`);
  if (unlisted > 0)
    notes.push(`The table has the worst ${rows.length.toLocaleString('en-US')}; ${
        unlisted.toLocaleString('en-US')} more are left out. forecast.csv has all.`);
  say('series-list-note', notes.join(' '));
  say('series-list-lead',
      `${count(report.series_total, 'series', 'series')}${
          by ? `, worst first (${by === 'mase' ? 'MASE, which knows no units' : 'RMSE'})` : ''}. Choose one to see its charts.${
          medianWords(rows)}`);
  fillSeriesTable();
}

function medianWords(rows) {
  const known = rows.map(row => row[5]).filter(v => v !== null).sort((a, b) => a - b);
  if (known.length < 3 || rows.length < report.series_total) return '';
  return ` Half of them have a MASE below ${number(known[Math.floor(known.length / 2)])}.`;
}

function sortedRows() {
  const words = byId('series-search').value.trim().toLowerCase();
  const rows = report.series_table.rows.filter(row => !words || String(row[0]).toLowerCase().includes(words));
  if (list.sortedBy === null) return rows;
  const sign = list.descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [a[list.sortedBy], b[list.sortedBy]];
    if (x === null || y === null) return (x === null) - (y === null);
    return typeof x === 'string' ? sign * x.localeCompare(y, 'en', {numeric: true}) : sign * (x - y);
  });
}

function seriesHead(columns) {
  const head = element('tr');
  for (const column of columns) {
    const active = list.sortedBy === column.at;
    const cell = element(
        'th', null,
        {scope: 'col', 'aria-sort': active ? (list.descending ? 'descending' : 'ascending') : 'none'});
    const button = element('button', column.title, {type: 'button', class: 'sorter'});
    button.append(element('span', active ? (list.descending ? ' ↓' : ' ↑') : ' ↓', {'aria-hidden': 'true', class: active ? '' : 'quiet'}));
    button.onclick = () => {
      list.descending = active ? !list.descending : column.at !== 0;
      list.sortedBy = column.at;
      list.page = 0;
      fillSeriesTable();
    };
    cell.append(button);
    head.append(cell);
  }
  return head;
}

function seriesLine(row, columns) {
  const tr = element('tr');
  columns.forEach(column => {
    if (column.at > 0) {
      tr.append(element('td', column.text ? column.text(row) : number(row[column.at])));
      return;
    }
    const cell = element('th', null, {scope: 'row'});
    const name = row[0] || '(no name)';
    if (row[1] < 0) {
      cell.append(element('span', name, {class: 'muted', title: 'no chart in this file'}));
    } else {
      const button = element('button', name, {type: 'button', class: 'link'});
      button.onclick = () => {
        chooseSeries(row[1]);
        byId('series-choice').scrollIntoView({block: 'start'});
      };
      cell.append(button);
      tr.dataset.drawing = row[1];
    }
    tr.append(cell);
  });
  return tr;
}

function fillSeriesTable() {
  const columns = shownColumns();
  const {rows} = report.series_table;
  const found = sortedRows();
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  list.page = Math.min(Math.max(0, list.page), pages - 1);
  const first = list.page * PAGE_ROWS;
  const body = element('tbody');
  for (const row of found.slice(first, first + PAGE_ROWS)) body.append(seriesLine(row, columns));
  const top = element('thead');
  top.append(seriesHead(columns));
  byId('series-table').replaceChildren(top, body);
  byId('series-back').disabled = list.page === 0;
  byId('series-on').disabled = list.page === pages - 1;
  byId('series-page').textContent = found.length === 0 ?
      'none found' :
      `${first + 1}–${Math.min(first + PAGE_ROWS, found.length)} of ${found.length.toLocaleString('en-US')}`;
  show('series-page', true);
  byId('series-table').closest('section').classList.toggle('one-page', pages === 1 && found.length === rows.length);
  markChosenSeries();
}

function markChosenSeries() {
  byId('series-table')?.querySelectorAll('tbody tr').forEach(tr => {
    const chosen = tr.dataset.drawing === String(chosenSeries);
    tr.classList.toggle('model', chosen);
    if (chosen) tr.setAttribute('aria-current', 'true');
    else tr.removeAttribute('aria-current');
  });
}

/** The names in the table of anomalies lead to the charts of their series. */
function linkAnomalies() {
  if (!report.anomalies || !byId('anomalies-table') || report.series.length < 2) return;
  byId('anomalies-table').querySelectorAll('tbody tr').forEach((tr, i) => {
    const drawing = report.anomalies[i];
    if (drawing < 0) return;
    const cell = tr.children[1];
    const button = element('button', cell.textContent, {type: 'button', class: 'link'});
    button.onclick = () => {
      view.forecast = 'all';
      chooseSeries(drawing);
      byId('forecast').scrollIntoView({block: 'start'});
    };
    cell.replaceChildren(button);
  });
}
