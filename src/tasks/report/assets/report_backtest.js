'use strict';
// The section "Backtest" and the errors of one series.

const BASELINE_LOOKS = ['baseline', 'other', 'third'];

function drawBacktest() {
  const {backtest, residuals} = seriesNow();
  show('backtest', backtest || byId('scores-title').dataset.scores);
  if (!backtest) {
    for (const id of ['backtest-keys', 'backtest-ranges']) byId(id).replaceChildren();
    byId('backtest-chart').parentElement.hidden = true;
    byId('backtest-lead').textContent = 'This series has no backtest.';
    return;
  }
  byId('backtest-chart').parentElement.hidden = false;
  const lines = [...backtest.baselines].sort(
      (a, b) => (b.name === report.skill_against) - (a.name === report.skill_against));
  if (!hidden.backtest)
    hidden.backtest =
        new Set(lines.slice(lines[0]?.name === report.skill_against ? 1 : 0).map(b => capital(b.name)));

  const total = backtest.total;
  const CLOSE = 120;
  const choices = total > 2 * CLOSE ? [`Last ${CLOSE} rows`, 'Whole backtest'] : ['Whole backtest'];
  const range = choices.includes(view.backtest) ? view.backtest : choices[0];
  const shown = range === 'Whole backtest' ? total : CLOSE;
  const axis = {row: backtest.row, label: backtest.time};
  const labels = new Map(backtest.row.map((row, i) => [row, backtest.time[i]]));

  const sets = [];
  if (backtest.low95)
    for (const [name, low, high, look] of BANDS)
      sets.push(...band(name, backtest.row, backtest[low], backtest[high], look));
  sets.push(
      line('Actual', points(backtest.row, backtest.actual), 'history', {pointRadius: shown <= 130 ? 2 : 0}));
  const model = points(backtest.row, backtest.predicted);
  model.forEach((point, i) => {
    point.bands = bandsAt(backtest, i);
  });
  sets.push(line('Model', model, 'model', {borderWidth: shown > 240 ? 1.5 : 2.6}));
  lines.forEach(
      (baseline, i) => sets.push(line(
          capital(baseline.name), points(backtest.row, baseline.value), BASELINE_LOOKS[Math.min(i, 2)])));

  const chart = draw(
      'backtest-chart', {
        type: 'line',
        data: {datasets: sets},
        options: {
          scales: {
            x: timeScale(axis, total - shown, Math.max(1, total - 1)),
            y: valueScale(seriesTitle()),
          },
          plugins: {tooltip: timeTip(row => labels.get(row) ?? '')},
        },
      },
      `Line chart of ${count(total, 'row', 'rows')} from ${backtest.time[0]} to ${
          backtest.time.at(-1)}: what happened, what the model forecast and what the baselines forecast.`);
  keys('backtest-keys', chart, hidden.backtest);
  ranges('backtest-ranges', choices.map(name => ({name})), range, name => {
    view.backtest = name;
    drawBacktest();
  });

  const coverage = residuals.inside80 === undefined ?
                       '' :
                       ` The 80 % band held ${percent(residuals.inside80)} of the rows, the 95 % band ${
                           percent(residuals.inside95)}.`;
  byId('backtest-lead').textContent = `${count(total, 'row', 'rows')} from ${backtest.time[0]} to ${
      backtest.time.at(-1)}, none of them seen in training.${coverage}`;
  byId('backtest-note').textContent =
      backtest.thinned && shown === total ?
          `The picture is thinned: it draws ${backtest.row.length.toLocaleString('en-US')} of ${
              total.toLocaleString(
                  'en-US')} rows, the lowest and highest of every stretch among them. The errors count every row.` :
          '';
  const format = columnFormat(backtest.actual, backtest.predicted);
  lazyTables(
      byId('backtest-numbers'), () => [{
                                  header: ['Time', 'Actual', 'Model', ...lines.map(b => capital(b.name))],
                                  rows: backtest.time.map(
                                      (time, i) =>
                                          [time, format(backtest.actual[i]), format(backtest.predicted[i]),
                                           ...lines.map(b => format(b.value[i]))]),
                                  caption: 'Backtest',
                                }]);
}

const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

function seriesScores() {
  const {scores} = seriesNow();
  show('series-scores', report.series.length > 1 && scores.length > 0);
  const MEASURES = ['mae', 'rmse', 'mase', 'smape'];
  const formats = MEASURES.map(name => columnFormat(scores.map(s => s[name])));
  fillTable(
      byId('series-scores-table'), ['Forecaster', 'MAE', 'RMSE', 'MASE', 'sMAPE %'],
      scores.map(s => [capital(s.name), ...MEASURES.map((name, i) => formats[i](s[name]))]));
}
