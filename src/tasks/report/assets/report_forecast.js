'use strict';
// What the reader chose, and the section "History and forecast".

const seriesNow = () => report.series[chosenSeries];
let chosenSeries = 0;
const view = {forecast: null, backtest: null};  // the range that the reader chose
const hidden = {forecast: new Set(), backtest: null, training: new Set()};  // names of lines switched off

const BANDS = [['95 % band', 'low95', 'high95', 'band95'], ['80 % band', 'low80', 'high80', 'band80']];
const bandsAt = (part, i) => {
  const {bands} = bandsOf(part);
  return bands.length > 0 ? bands.map(b => ({name: b.name, low: b.low[i], high: b.high[i]})).reverse() : undefined;
};

function show(id, visible) {
  byId(id).hidden = !visible;
}

/** Bands of a fan, widest first: each pair of quantiles that lie the same way from the middle. */
const FAN = ['fan1', 'fan2', 'fan3', 'fan4', 'fan5'];
function fanOf({quantiles}) {
  const {level, value} = quantiles;
  const pairs = Math.floor(level.length / 2);
  const bands = Array.from({length: pairs}, (_, i) => {
    const j = level.length - 1 - i;
    return {name: `${+((level[j] - level[i]) * 100).toPrecision(3)} % band`, low: value[i], high: value[j]};
  });
  const shown = bands.length <= FAN.length ? bands : FAN.map((_, i) => bands[Math.round(i * (bands.length - 1) / (FAN.length - 1))]);
  shown.forEach((b, i) => {
    b.look = shown.length === 1 ? 'band80' : shown.length === 2 ? ['band95', 'band80'][i] : FAN[i];
  });
  return {bands: shown, middle: level.length % 2 === 1 ? value[pairs] : null};
}

/** The line of medians, where it is another one than that of the forecast. */
function medianOf(forecast, middle) {
  const differs = middle && middle.some((v, i) => Math.abs(v - forecast.mean[i]) > 1e-9 * Math.abs(v));
  return differs ? middle : null;
}

/** The bands to draw, widest first, and the line in their middle where there is one. */
function bandsOf(part) {
  if (part.quantiles) return fanOf(part);
  if (!part.low95) return {bands: [], middle: null};
  return {bands: BANDS.map(([name, low, high, look]) => ({name, low: part[low], high: part[high], look})), middle: null};
}

function surpriseWords({expected, low95, high95, score}) {
  const band = low95 === undefined ? '' : ` (95 % band ${number(low95)} to ${number(high95)})`;
  return expected === undefined ? `Anomaly, score ${score.toFixed(1)}` :
                                  `Expected  ${number(expected)}${band}, score ${score.toFixed(1)}`;
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
  show('forecast', total + horizon > 0);
  if (total + horizon === 0) return;
  const closer = Math.max(60, 8 * horizon);
  const RECENT_ROWS = 400;  // as many as the data hold without thinning
  const source = series.history;
  const start = source.row[0] ?? 0, have = total - start;
  const closeRows = Math.min(closer, RECENT_ROWS, have);
  const WHOLE = start > 0 ? `Last ${have.toLocaleString('en-US')} rows` : 'Whole history';
  const choices = have > 2 * closeRows ? [`Last ${closeRows.toLocaleString('en-US')} rows`, WHOLE] : [WHOLE];
  const range = view.forecast === 'all' ? WHOLE : choices[0];
  const whole = range === WHOLE;

  const known = points(source.row, source.value);
  const last = known.at(-1);
  const ahead = forecastPoints(series, horizon > 0 && Number.isFinite(last?.y) ? last : null);
  const axis = {row: [...source.row, ...ahead.own], label: [...source.time, ...series.forecast.time]};
  const labels = new Map(axis.row.map((row, i) => [row, axis.label[i]]));
  const first = whole ? start : total - closeRows;

  const sets = [];
  const fan = bandsOf(series.forecast);
  for (const b of fan.bands)
    sets.push(...band(b.name, ahead.rows, ahead.withJoint(b.low), ahead.withJoint(b.high), b.look));
  sets.push(line('History', known, 'history', known.length < 80 ? {pointRadius: 1.5} : {}));
  const dotted = horizon <= 2 || total - first + horizon <= 120;  // more of them run into one another
  if (horizon > 0)
    sets.push(line('Forecast', ahead.curve, 'model', dotted ? {pointRadius: c => c.raw?.joint ? 0 : 2.5} : {}));
  const median = medianOf(series.forecast, fan.middle);
  if (median) sets.push(line('Median', points(ahead.rows, ahead.withJoint(median)), 'third', {order: 0.5}));
  const strange = (series.anomalies ?? []).filter(a => a.remarkable && a.row >= first && a.value !== null);
  if (strange.length > 0)
    sets.push(line('Anomalies', strange.map(a => ({x: a.row, y: a.value, tip: surpriseWords(a)})), 'anomaly', {
      showLine: false,
      marked: true,
      pointRadius: 6,
      pointHoverRadius: 7,
      pointBorderWidth: 2,
      borderWidth: 2,
      backgroundColor: 'transparent',
    }));

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
    view.forecast = name === WHOLE ? 'all' : null;
    drawForecast();
  });

  say('forecast-lead', forecastDescription(series));
  const notes = [];
  if (series.history.thinned && whole)
    notes.push(`${thinnedNote(source.row, total, ' of the history')} All rows were used for training and testing.`);
  if (series.rows.missing > 0)
    notes.push(`${count(series.rows.missing, 'value is', 'values are')} missing and shown as gaps.`);
  if (report.digits && whole) notes.push(`Values are rounded to ${report.digits} digits here; forecast.csv has them all.`);
  say('forecast-note', notes.join(' '));
  byId('forecast-title').textContent = report.series.length > 1 && series.name ?
      `History and forecast of ${series.name}` :
      'History and forecast';
}

function forecastDescription(series) {
  const {mean, time} = series.forecast;
  const inner = bandsOf(series.forecast).bands.find(b => b.name.startsWith('80'));
  if (mean.length === 0) return `${count(series.rows.total, 'row', 'rows')} of history, no forecast.`;
  const at = i => `${number(mean[i])} at ${time[i]}${
      inner ? ` (80 % band ${number(inner.low[i])} to ${number(inner.high[i])})` : ''}`;
  const end = mean.length - 1;
  const ending = end > 0 ? `; the last of ${mean.length} steps is ${at(end)}` : '';
  return `${count(series.rows.total, 'row', 'rows')} of history. Next comes ${at(0)}${ending}.`;
}

function forecastTable() {
  const {forecast} = seriesNow();
  const {mean, time} = forecast;
  show('forecast-rows', mean.length > 0);
  const {bands, middle: median} = bandsOf(forecast);
  const middle = medianOf(forecast, median);
  const table = byId('forecast-table');
  const format = columnFormat(mean, ...bands.flatMap(b => [b.low, b.high]));
  const span = (b, i) => `${format(b.low[i])} to ${format(b.high[i])}`;
  const rows = mean.map(
      (value, i) => [time[i], format(value), ...(middle ? [format(middle[i])] : []), ...bands.map(b => span(b, i))]);
  fillTable(table, ['Time', 'Forecast', ...(middle ? ['Median'] : []), ...bands.map(b => b.name)], rows);
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
                                        header: ['Time', seriesTitle()],
                                        rows: source.time.map((time, i) => [time, format(source.value[i])]),
                                        caption: `History of ${seriesTitle()}`,
                                      }]);
}
