'use strict';
// Charts: what they share (colours, keys, tooltips, marks), then one function for each kind.

const charts = new Map();  // canvas id -> Chart

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/**
 * How each kind of line looks. Dashes and widths tell lines apart without colour; the lowest order is on
 * top.
 */
const LOOKS = {
  model: {colour: 'model', width: 2.6, dash: [], order: 0},
  history: {colour: 'history', width: 1.4, dash: [], order: 1},
  baseline: {colour: 'baseline', point: 'triangle', width: 1.8, dash: [7, 4], order: 2},
  other: {colour: 'other', point: 'rect', width: 1.6, dash: [2, 3], order: 3},
  third: {colour: 'third', point: 'rectRot', width: 1.6, dash: [10, 3, 2, 3], order: 4},
  fourth: {colour: 'fourth', point: 'crossRot', width: 1.6, dash: [1, 3], order: 4},
  fifth: {colour: 'other', point: 'star', width: 1.6, dash: [12, 4], order: 4},
  anomaly: {colour: 'bad', width: 0, dash: [], order: -1, point: 'rectRot', hollow: true},
  band: {colour: 'band80', width: 0, dash: [], order: 5},
};

/** Of the lines that are compared with the first. */
const BASELINE_LOOKS = ['baseline', 'other', 'third', 'fourth', 'fifth'];

function line(label, points, look, extra = {}) {
  const style = LOOKS[look];
  return {
    label,
    data: points,
    look,
    parsing: false,
    spanGaps: false,
    pointRadius: 0,
    pointHitRadius: 6,
    tension: 0,
    clip: 5,
    borderColor: colour(style.colour),
    backgroundColor: colour(style.colour),
    pointStyle: style.point ?? 'circle',
    borderWidth: style.width,
    borderDash: style.dash,
    order: style.order,
    ...extra,
  };
}

const points = (rows, values) => rows.map((x, i) => ({x, y: values[i] ?? NaN}));

/** Two invisible edges with the area between them; `group` ties them to the key that shows or hides them. */
function band(label, rows, low, high, name) {
  const edge = {borderWidth: 0, pointHoverRadius: 0, group: label, noTip: true};
  return [
    line(`${label} low`, points(rows, low), 'band', {...edge, fill: false}),
    line(
        label, points(rows, high), 'band', {...edge, fill: '-1', bandName: name, backgroundColor: colour(name)}),
  ];
}

/** Vertical marks with a word each: options.plugins.marks = {at: [{x, text}]}. */
const marksPlugin = {
  id: 'marks',
  afterDatasetsDraw(chart, _, options) {
    const {ctx, chartArea: area, scales} = chart;
    ctx.save();
    ctx.strokeStyle = colour('soft');
    ctx.fillStyle = colour('soft');
    ctx.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textBaseline = 'top';
    const LINE_HEIGHT = 15;
    let taken = -Infinity, row = 0;  // a word that would run into the one before it goes a row lower
    for (const mark of [...options.at ?? []].sort((a, b) => a.x - b.x)) {
      const x = scales.x.getPixelForValue(mark.x);
      if (x < area.left - 1 || x > area.right + 1) continue;
      ctx.setLineDash([2, 3]);
      ctx.beginPath();
      ctx.moveTo(x, area.top);
      ctx.lineTo(x, area.bottom);
      ctx.stroke();
      const wide = ctx.measureText(mark.text).width + 8;
      const left = x + wide > area.right;
      row = (left ? x - wide : x) < taken ? row + 1 : 0;
      taken = Math.max(taken, left ? x : x + wide);
      const y = area.top + 2 + row * LINE_HEIGHT;
      ctx.textAlign = left ? 'right' : 'left';
      ctx.fillStyle = colour('card');  // lines of the chart end at the word
      ctx.fillRect(left ? x - wide + 1 : x + 2, y - 1, wide - 3, LINE_HEIGHT - 1);
      ctx.fillStyle = colour('soft');
      ctx.fillText(mark.text, x + (left ? -5 : 5), y);
    }
    ctx.restore();
  },
};

/** The value beside each point of the first line: options.plugins.values = {shown, text}. */
const valuesPlugin = {
  id: 'values',
  afterDatasetsDraw(chart, _, options) {
    if (!options.shown) return;
    const {ctx, chartArea: area} = chart;
    ctx.save();
    ctx.fillStyle = colour('ink');
    ctx.font = `13px ${getComputedStyle(document.body).fontFamily}`;
    ctx.textBaseline = 'middle';
    chart.getDatasetMeta(0).data.forEach((point, i) => {
      const text = options.text(chart.data.datasets[0].data[i]);
      const left = point.x + 12 + ctx.measureText(text).width > area.right;
      ctx.textAlign = left ? 'right' : 'left';
      ctx.fillText(text, point.x + (left ? -10 : 10), point.y + (left ? -10 : 10));
    });
    ctx.restore();
  },
};

function timeScale(axis, min, max) {
  return {
    type: 'linear',
    min,
    max,
    grid: {color: colour('grid'), drawTicks: true},
    border: {color: colour('line')},
    ticks: {color: colour('soft'), autoSkip: false, maxRotation: 0, callback: (_, i, ticks) => ticks[i].text},
    afterBuildTicks(scale) {
      const AXIS_WIDTH = 60;
      scale.ticks = timeTicks(axis, scale.min, scale.max, scale.chart.width - AXIS_WIDTH);
    },
  };
}

function valueScale(title, extra = {}) {
  return {
    grid: {color: colour('grid')},
    title: {display: Boolean(title), text: title, color: colour('soft')},
    ticks: {color: colour('soft'), maxTicksLimit: 7, callback: value => tidy(value)},
    ...extra,
  };
}

/** On a logarithmic axis only 1, 2 and 5 of each power of ten get a number. */
const tidyLog =
    value => ['1', '2', '5'].includes(value.toExponential()[0]) && /^\de/.test(value.toExponential()) ?
                 tidy(value) :
                 '';

const sixDigits = new Intl.NumberFormat('en-US', {maximumSignificantDigits: 6});
const tidy = value => sixDigits.format(Number(value.toPrecision(6))).replace('-', '−');

function draw(id, config, description) {
  charts.get(id)?.destroy();
  const canvas = byId(id);
  canvas.setAttribute('aria-label', description);
  canvas.textContent = description;
  const options = config.options;
  options.animation = false;
  options.responsive = true;
  options.maintainAspectRatio = false;
  options.normalized = true;
  options.interaction = options.interaction ?? {mode: 'index', intersect: false, axis: 'x'};
  options.plugins = {legend: {display: false}, ...options.plugins};
  const tip = options.plugins.tooltip ?? {};
  options.plugins.tooltip = {
    backgroundColor: colour('ink'),
    titleColor: colour('paper'),
    bodyColor: colour('paper'),
    usePointStyle: false,
    boxWidth: 12,
    boxHeight: 2,
    ...tip,
  };
  const chart = new Chart(canvas, {...config, plugins: [marksPlugin, valuesPlugin]});
  charts.set(id, chart);
  return chart;
}

/** Tooltips of time charts: the row's time as title, "name  value" as lines, a band as its two ends. */
function timeTip(labelOf) {
  return {
    filter: item => !item.dataset.noTip && !item.raw.joint && Number.isFinite(item.raw.y),
    callbacks: {
      title: items => items.length ? labelOf(items[0].raw.x) : '',
      label: item => item.raw.tip ?? `${item.dataset.label}  ${number(item.raw.y)}`,
      afterBody: items => {
        const at = items.find(item => item.raw.bands);
        return at ? at.raw.bands.map(b => `${b.name}  ${number(b.low)} to ${number(b.high)}`) : [];
      },
    },
  };
}

/** `bandNames`: a band and those that lie under it, as the chart lays them upon one another. */
function swatch(look, bandNames, mark) {
  const space = 'http://www.w3.org/2000/svg';  // a name, nothing is loaded from there
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('width', '30');
  svg.setAttribute('height', '12');
  svg.setAttribute('aria-hidden', 'true');
  const style = LOOKS[look];
  const add = (kind, set) => {
    const shape = document.createElementNS(space, kind);
    for (const [name, value] of Object.entries(set)) shape.setAttribute(name, value);
    svg.append(shape);
  };
  for (const name of bandNames) add('rect', {x: 0, y: 1, width: 30, height: 10, fill: `var(--${name})`});
  if (bandNames.length === 0 && (!mark || style.width > 0))
    add('line', {
      x1: 0,
      y1: 6,
      x2: 30,
      y2: 6,
      stroke: `var(--${style.colour})`,
      'stroke-width': style.width,
      'stroke-dasharray': style.dash.join(' ')
    });
  if (mark) {
    const dot = document.createElementNS(space, 'path');
    const at = {
      circle: 'M15 2.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z',
      triangle: 'M15 2l4 7h-8z',
      rect: 'M11.5 2.5h7v7h-7z',
      rectRot: 'M15 1.5l4.5 4.5l-4.5 4.5l-4.5-4.5z',
      crossRot: 'M11.5 2.5l7 7M18.5 2.5l-7 7'
    };
    dot.setAttribute('d', at[mark]);
    dot.setAttribute('stroke', `var(--${style.colour})`);
    dot.setAttribute('fill', mark === 'crossRot' || style.hollow ? 'none' : `var(--${style.colour})`);
    dot.setAttribute('stroke-width', '1.6');
    svg.append(dot);
  }
  return svg;
}

/** The names of a chart's lines that the reader switched off, `first` before any choice. */
const linesSwitchedOff = new Map();
function hiddenLines(id, first = []) {
  if (!linesSwitchedOff.has(id)) linesSwitchedOff.set(id, new Set(first));
  return linesSwitchedOff.get(id);
}

/**
 * Keys above a chart: buttons that show and hide their lines. `hidden` remembers the reader's choice by
 * name.
 */
function keys(id, chart, hidden) {
  const box = byId(id);
  box.replaceChildren();
  const bands = [];  // widest first
  chart.data.datasets.forEach((set, index) => {
    if (set.group && !String(set.fill).startsWith('-'))
      return;  // the lower edge of a band has no key of its own
    if (set.group) bands.push(set.bandName);
    const name = set.label;
    const members =
        chart.data.datasets.map((other, i) => i)
            .filter(i => i === index || (set.group && chart.data.datasets[i].group === set.group));
    const button = element('button', null, {type: 'button', class: 'key'});
    button.append(
        swatch(set.look, set.group ? bands : [], set.marked ? set.pointStyle : null),
        name);
    const apply = () => {
      for (const i of members) chart.setDatasetVisibility(i, !hidden.has(name));
      button.setAttribute('aria-pressed', String(!hidden.has(name)));
    };
    button.onclick = () => {
      if (!hidden.delete(name)) hidden.add(name);
      apply();
      chart.update();
    };
    apply();
    box.append(button);
  });
  chart.update();
}

/**
 * Buttons that choose how much of a time axis is shown. `choices` is [{name, draw}]; the first is the
 * default.
 */
function ranges(id, choices, chosen, choose) {
  const box = byId(id);
  box.replaceChildren();
  if (choices.length < 2) return;
  for (const choice of choices) {
    const button =
        element('button', choice.name, {type: 'button', 'aria-pressed': String(choice.name === chosen)});
    button.onclick = () => choose(choice.name);
    box.append(button);
  }
}
