'use strict';
// What the reader chose, and the section "History and forecast".

const seriesNow = () => report.series[chosenSeries];
let chosenSeries = 0;
const view = {forecast: null, backtest: null};  // the range that the reader chose
const hidden = {forecast: new Set(), backtest: null, training: new Set()};  // names of lines switched off

const BANDS = [['95 % band', 'low95', 'high95', 'band95'], ['80 % band', 'low80', 'high80', 'band80']];
const bandsAt = (part, i) =>
    part.low95 ?
        BANDS.map(([name, low, high]) => ({name, low: part[low][i], high: part[high][i]})).reverse() :
        undefined;

function show(id, visible) {
  byId(id).hidden = !visible;
}


function historyMarks(rows, total) {
  const marks = [];
  if (rows.test > 0 && rows.test < total) marks.push({x: total - rows.test, text: 'backtest'});
  if (rows.validation > 0) marks.push({x: total - rows.test - rows.validation, text: 'validation'});
  return marks;
}

/** Forecast lines begin at the last value, where it is known, so that the picture has no hole. */
function forecastPoints(series, last) {
  const {mean, time} = series.forecast;
  const total = series.rows.total;
  const rows = mean.map((_, i) => total + i);
  const joint = last ? [{x: last.x, y: last.y, joint: true}] : [];
  const curve =
      [...joint, ...rows.map((x, i) => ({x, y: mean[i] ?? NaN, bands: bandsAt(series.forecast, i)}))];
  const withJoint = values => last ? [last.y, ...values] : values;
  return {curve, rows: last ? [last.x, ...rows] : rows, withJoint, labels: time, own: rows};
}

function drawForecast() {
  const series = seriesNow();
  const total = series.rows.total;
  const horizon = series.forecast.mean.length;
  const closer = Math.max(60, 8 * horizon);
  const RECENT_ROWS = 400;  // as many as the data hold without thinning
  const closeRows = Math.min(closer, RECENT_ROWS, total);
  const choices = total > 2 * closeRows ?
                      [`Last ${closeRows.toLocaleString('en-US')} rows`, 'Whole history'] :
                      ['Whole history'];
  const range = choices.includes(view.forecast) ? view.forecast : choices[0];
  const whole = range === 'Whole history';
  const source = series.history;

  const known = points(source.row, source.value);
  const last = known.at(-1);
  const ahead = forecastPoints(series, horizon > 0 && Number.isFinite(last?.y) ? last : null);
  const axis = {row: [...source.row, ...ahead.own], label: [...source.time, ...series.forecast.time]};
  const labels = new Map(axis.row.map((row, i) => [row, axis.label[i]]));
  const first = whole ? 0 : total - closeRows;

  const sets = [];
  if (series.forecast.low95)
    for (const [name, low, high, look] of BANDS)
      sets.push(...band(
          name, ahead.rows, ahead.withJoint(series.forecast[low]), ahead.withJoint(series.forecast[high]),
          look));
  sets.push(line('History', known, 'history', known.length < 80 ? {pointRadius: 1.5} : {}));
  if (horizon > 0)
    sets.push(line(
        'Forecast', ahead.curve, 'model', horizon <= 36 ? {pointRadius: c => c.raw?.joint ? 0 : 2.5} : {}));

  const marks = whole || total - series.rows.test > first ? historyMarks(series.rows, total) : [];
  const chart = draw(
      'forecast-chart', {
        type: 'line',
        data: {datasets: sets},
        options: {
          interaction: {mode: 'nearest', axis: 'x', intersect: false},
          scales: {x: timeScale(axis, first, total - 1 + Math.max(1, horizon)), y: valueScale(seriesTitle())},
          plugins: {tooltip: timeTip(row => labels.get(row) ?? ''), marks: {at: marks}},
        },
      },
      forecastDescription(series));
  keys('forecast-keys', chart, hidden.forecast);
  ranges('forecast-ranges', choices.map(name => ({name})), range, name => {
    view.forecast = name;
    drawForecast();
  });

  byId('forecast-lead').textContent = forecastDescription(series);
  const notes = [];
  if (series.history.thinned && whole)
    notes.push(`The picture is thinned: of ${total.toLocaleString('en-US')} rows it draws ${
        series.history.row.length.toLocaleString(
            'en-US')}, among them the lowest and the highest of every stretch. All rows were used for training and testing.`);
  if (series.rows.missing > 0)
    notes.push(`${count(series.rows.missing, 'value is', 'values are')} missing and shown as gaps.`);
  byId('forecast-note').textContent = notes.join(' ');
}

function forecastDescription(series) {
  const {mean, time, low80, high80} = series.forecast;
  if (mean.length === 0) return `${count(series.rows.total, 'row', 'rows')} of history, no forecast.`;
  const at = i => `${number(mean[i])} at ${time[i]}${
      low80 ? ` (80 % band ${number(low80[i])} to ${number(high80[i])})` : ''}`;
  const end = mean.length - 1;
  const ending = end > 0 ? `; the last of ${mean.length} steps is ${at(end)}` : '';
  return `${count(series.rows.total, 'row', 'rows')} of history. Next comes ${at(0)}${ending}.`;
}

function forecastTable() {
  const {mean, time, low80, high80, low95, high95} = seriesNow().forecast;
  const table = byId('forecast-table');
  const format = columnFormat(mean, low95 ?? [], high95 ?? []);
  const span = (low, high) => `${format(low)} to ${format(high)}`;
  const rows = mean.map(
      (value, i) => low80 ? [time[i], format(value), span(low80[i], high80[i]), span(low95[i], high95[i])] :
                            [time[i], format(value)]);
  fillTable(table, low80 ? ['Time', 'Forecast', '80 % band', '95 % band'] : ['Time', 'Forecast'], rows);
  const FOLD = 12;
  const more = byId('forecast-more');
  const fold = folded => {
    table.classList.toggle('folded', folded);
    more.textContent = folded ? `Show all ${rows.length} rows` : `Show the first ${FOLD} rows`;
    more.setAttribute('aria-expanded', String(!folded));
  };
  more.hidden = rows.length <= FOLD;
  fold(rows.length > FOLD);
  more.onclick = () => fold(!table.classList.contains('folded'));
}

function historyTable() {
  const source = seriesNow().history;
  const format = columnFormat(source.value);
  lazyTables(byId('history-numbers'), () => [{
                                        header: ['Time', report.target],
                                        rows: source.time.map((time, i) => [time, format(source.value[i])]),
                                        caption: `History of ${report.target}`,
                                      }]);
}
