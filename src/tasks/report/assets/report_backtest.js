'use strict';
// The section "Backtest" and the errors of one series.

const BASELINE_LOOKS = ['baseline', 'other', 'third', 'fourth'];

function drawBacktest() {
  const {backtest} = seriesNow();
  show('backtest', Boolean(backtest || byId('scores-title') || byId('steps-title') || byId('folds-title')));
  show('backtest-numbers', Boolean(backtest));
  if (!backtest) {
    for (const id of ['backtest-keys', 'backtest-ranges']) byId(id).replaceChildren();
    byId('backtest-chart').parentElement.hidden = true;
    say('backtest-lead', 'There is no line of this backtest to draw.');
    say('backtest-note', '');
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
  const have = total - backtest.row[0];
  const WHOLE = have < total ? `Last ${have} rows` : 'Whole backtest';
  const choices = have > 2 * CLOSE ? [`Last ${CLOSE} rows`, WHOLE] : [WHOLE];
  const range = view.backtest === 'all' ? WHOLE : choices[0];
  const shown = range === WHOLE ? have : CLOSE;
  const axis = {row: backtest.row, label: backtest.time};
  const labels = new Map(backtest.row.map((row, i) => [row, backtest.time[i]]));

  const sets = [];
  for (const b of bandsOf(backtest).bands) sets.push(...band(b.name, backtest.row, b.low, b.high, b.look));
  sets.push(
      line('Actual', points(backtest.row, backtest.actual), 'history', {pointRadius: shown <= 130 ? 2 : 0}));
  const model = points(backtest.row, backtest.predicted);
  model.forEach((point, i) => {
    point.bands = bandsAt(backtest, i);
  });
  sets.push(line('Model', model, 'model', {borderWidth: shown > 240 ? 1.5 : 2.6}));
  lines.forEach(
      (baseline, i) => sets.push(line(
          capital(baseline.name), points(backtest.row, baseline.value), BASELINE_LOOKS[i % 4])));

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
      `Line chart of ${count(total, 'row', 'rows')} from ${backtest.first} to ${
          backtest.time.at(-1)}: what happened, what the model forecast and what the baselines forecast.`);
  keys('backtest-keys', chart, hidden.backtest);
  ranges('backtest-ranges', choices.map(name => ({name})), range, name => {
    view.backtest = name === WHOLE ? 'all' : null;
    drawBacktest();
  });

  const coverage = backtest.inside80 === undefined ?
                       '' :
                       ` Here the 80 % band held ${percent(backtest.inside80)} of the rows, the 95 % band ${
                           percent(backtest.inside95)}.`;
  say('backtest-lead', `${count(total, 'row', 'rows')} from ${backtest.first} to ${
      backtest.time.at(-1)}, none of them seen in training.${coverage}`);
  say('backtest-note',
      backtest.thinned && shown === have ?
          `${thinnedNote(backtest.row, total, ' of the backtest')} The errors count every row.` :
          '');
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
  const rivals = scores.slice(1).filter(s => s.rmse > 0).sort((a, b) => a.rmse - b.rmse);
  say('series-scores-note', rivals.length === 0 || scores[0].rmse === null ?
      '' :
      `Skill ${skill(1 - scores[0].rmse / rivals[0].rmse)} against ${rivals[0].name}, the best baseline of this series: 1\u00a0−\u00a0RMSE\u00a0/\u00a0its\u00a0RMSE.`);
}
