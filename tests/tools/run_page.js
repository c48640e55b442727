// Runs the scripts of a report page without a browser: node run_page.js PAGE.html
//
// A small document model stands in for the browser's: elements, attributes, simple selectors, and a canvas that counts
// what is drawn on it. Prints what the page has come to as JSON; an exception of a script ends in an exit code.
'use strict';
const fs = require('fs');
const vm = require('vm');

const VOID = new Set(['meta', 'link', 'input', 'br', 'img']);
const ENTITIES = {amp: '&', lt: '<', gt: '>', quot: '"', '#39': '\''};
const decode = text => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name]);

/** Attribute selectors, classes, ids and tags, with descendants: what the page's scripts and Chart.js ask for. */
function matches(element, selector) {
  if (selector.includes(',')) return selector.split(',').some(one => matches(element, one.trim()));
  const steps = selector.trim().split(/\s+/);
  const simple = (node, step) => (step.match(/^[a-z][a-z0-9]*|[.#][\w-]+|\[[^\]]+\]/gi) ?? []).every(part => {
    if (part[0] === '.') return node.classList.contains(part.slice(1));
    if (part[0] === '#') return node.id === part.slice(1);
    if (part[0] !== '[') return node.tagName === part.toUpperCase();
    const [name, value] = part.slice(1, -1).split('=');
    return value === undefined ? node.hasAttribute(name) : node.getAttribute(name) === value.replace(/"/g, '');
  });
  if (!simple(element, steps.at(-1))) return false;
  let node = element.parentNode;
  for (let i = steps.length - 2; i >= 0; --i) {
    while (node instanceof Element && !simple(node, steps[i])) node = node.parentNode;
    if (!(node instanceof Element)) return false;
    node = node.parentNode;
  }
  return true;
}

class Target {
  listeners = {};
  addEventListener(type, listener) {
    (this.listeners[type] ??= []).push(listener);
  }
  removeEventListener(type, listener) {
    this.listeners[type] = (this.listeners[type] ?? []).filter(one => one !== listener);
  }
  fire(type, event = {}) {
    for (const listener of this.listeners[type] ?? []) listener({type, target: this, ...event});
  }
}

class Element extends Target {
  constructor(tag, document) {
    super();
    this.tagName = tag.toUpperCase();
    this.ownerDocument = document;
    this.attributes = new Map();
    this.childNodes = [];
    this.parentNode = null;
    this.value = '';
    this.style = {setProperty() {}, removeProperty() {}};
    this.dataset = {};
    const element = this;
    const names = () => (element.getAttribute('class') ?? '').split(/\s+/).filter(Boolean);
    this.classList = {
      contains: name => names().includes(name),
      toggle(name, on = !names().includes(name)) {
        element.setAttribute('class', [...names().filter(one => one !== name), ...(on ? [name] : [])].join(' '));
      },
    };
  }
  get children() {
    return this.childNodes.filter(node => node instanceof Element);
  }
  get options() {
    return this.children.filter(child => child.tagName === 'OPTION');
  }
  get parentElement() {
    return this.parentNode instanceof Element ? this.parentNode : null;
  }
  get isConnected() {
    let node = this;
    while (node.parentNode) node = node.parentNode;
    return node.tagName === '#DOCUMENT';
  }
  get id() {
    return this.getAttribute('id') ?? '';
  }
  get hidden() {
    return this.hasAttribute('hidden');
  }
  set hidden(on) {
    if (on) this.setAttribute('hidden', '');
    else this.removeAttribute('hidden');
  }
  get open() {
    return this.hasAttribute('open');
  }
  get textContent() {
    return this.childNodes.map(node => typeof node === 'string' ? node : node.textContent).join('');
  }
  set textContent(text) {
    this.replaceChildren(text);
  }
  hasAttribute(name) {
    return this.attributes.has(name);
  }
  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }
  setAttribute(name, value) {
    this.attributes.set(name, String(value));
  }
  removeAttribute(name) {
    this.attributes.delete(name);
  }
  append(...nodes) {
    for (const node of nodes) {
      if (node instanceof Element) {
        node.remove();
        node.parentNode = this;
      }
      this.childNodes.push(node instanceof Element ? node : String(node));
    }
  }
  replaceChildren(...nodes) {
    for (const child of this.children) child.parentNode = null;
    this.childNodes = [];
    this.append(...nodes);
  }
  remove() {
    if (!this.parentNode) return;
    this.parentNode.childNodes = this.parentNode.childNodes.filter(node => node !== this);
    this.parentNode = null;
  }
  /** Calls `visit` for everything below until it returns true. */
  find(visit) {
    for (const node of this.childNodes) {
      if (!(node instanceof Element)) continue;
      const found = visit(node) ? node : node.find(visit);
      if (found) return found;
    }
    return null;
  }
  all() {
    const all = [];
    this.find(element => void all.push(element));
    return all;
  }
  querySelectorAll(selector) {
    return this.all().filter(element => matches(element, selector));
  }
  querySelector(selector) {
    return this.find(element => matches(element, selector));
  }
  closest(selector) {
    for (let node = this; node instanceof Element; node = node.parentNode)
      if (matches(node, selector)) return node;
    return null;
  }
  get clientWidth() {
    return WIDTH;
  }
  get clientHeight() {
    return HEIGHT;
  }
  getBoundingClientRect() {
    return {left: 0, top: 0, right: WIDTH, bottom: HEIGHT, width: WIDTH, height: HEIGHT};
  }
  scrollIntoView() {}
  click() {}
  after(node) {
    node.remove();
    node.parentNode = this.parentNode;
    this.parentNode.childNodes.splice(this.parentNode.childNodes.indexOf(this) + 1, 0, node);
  }
}
const WIDTH = 640, HEIGHT = 260;

/** Counts the calls of each method; every property can be set. */
class Context {
  constructor(canvas) {
    const calls = canvas.calls = {};
    const own = {canvas};
    return new Proxy(own, {
      get(_, name) {
        if (name in own) return own[name];
        return (...given) => {
          calls[name] = (calls[name] ?? 0) + 1;
          if (/^fill(Rect|Text)$/.test(String(name)) && given.some(Number.isNaN)) throw new Error(`${String(name)} of NaN`);
          if (name === 'measureText') return {width: 7 * String(given[0]).length};
          if (/^create/.test(String(name))) return {addColorStop() {}};
          return undefined;
        };
      },
      set(_, name, value) {
        own[name] = value;
        return true;
      },
    });
  }
}

class Canvas extends Element {
  width = 300;
  height = 150;
  getContext() {
    return this.context ??= new Context(this);
  }
}

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

const make = (tag, document) => tag === 'canvas' ? new Canvas(tag, document) : new Element(tag, document);

function parse(html) {
  const document = new Target();
  const root = new Element('#document', document);
  const scripts = [];
  let at = html.indexOf('<html'), top = root;
  const skip = mark => at = html.indexOf(mark, at) + mark.length;
  while (at < html.length) {
    const next = html.indexOf('<', at);
    if (next < 0) break;
    if (next > at) top.append(decode(html.slice(at, next)));
    at = next;
    if (html.startsWith('<!--', at)) {
      skip('-->');
    } else if (html.startsWith('</', at)) {
      const tag = html.slice(at + 2, html.indexOf('>', at)).trim().toUpperCase();
      if (tag !== top.tagName) throw new Error(`</${tag}> closes <${top.tagName} id="${top.id}">`);
      top = top.parentNode;
      skip('>');
    } else {
      const [whole, tag, attributes] = /^<([a-z0-9]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*>/i.exec(html.slice(at, at + 4000));
      const element = make(tag.toLowerCase(), document);
      for (const [, name, value] of attributes.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)) element.setAttribute(name, decode(value ?? ''));
      top.append(element);
      at += whole.length;
      if (tag === 'script' || tag === 'style') {
        const end = html.indexOf(`</${tag}>`, at);
        element.textContent = html.slice(at, end);
        at = end + tag.length + 3;
        if (tag === 'script' && !element.getAttribute('type')) scripts.push(element.textContent);
      } else if (!VOID.has(tag)) {
        top = element;
      }
    }
  }
  Object.assign(document, {
    documentElement: root.children[0],
    body: root.querySelector('body'),
    createElement: tag => make(tag, document),
    createElementNS: (_, tag) => make(tag, document),
    getElementById: id => root.find(element => element.getAttribute('id') === id),
    querySelector: selector => root.querySelector(selector),
    querySelectorAll: selector => root.querySelectorAll(selector),
  });
  return {document, scripts};
}

function run(html) {
  const {document, scripts} = parse(html);
  const window = new Target();
  const saved = [];  // what links to files hold
  class Blob {
    constructor(parts) {
      saved.push(parts.join(''));
    }
  }
  const property = {getPropertyValue: name => name.startsWith('--') ? ' #123456' : ''};
  Object.assign(window, {
    window,
    document,
    console,
    devicePixelRatio: 1,
    Blob,
    URL: {createObjectURL: () => 'blob:', revokeObjectURL() {}},
    location: {hash: ''},
    HTMLCanvasElement: Canvas,
    getComputedStyle: () => new Proxy(property, {get: (own, name) => own[name] ?? (name === 'fontFamily' ? 'sans-serif' : '')}),
    matchMedia: () => new Target(),
    requestAnimationFrame: step => step(0),
    cancelAnimationFrame() {},
    ResizeObserver: Observer,
    MutationObserver: Observer,
    addEventListener: (...given) => Target.prototype.addEventListener.apply(window, given),
    removeEventListener: (...given) => Target.prototype.removeEventListener.apply(window, given),
  });
  const context = vm.createContext(window);
  const evaluate = script => vm.runInContext(script, context, {filename: 'page'});
  scripts.forEach(evaluate);
  const ids = document.documentElement.all().map(element => element.id).filter(Boolean);
  if (new Set(ids).size < ids.length) throw new Error(`ids occur twice: ${ids.filter((id, i) => ids.indexOf(id) < i)}`);

  const {charts} = JSON.parse(evaluate(`JSON.stringify({charts: [...charts].map(([id, chart]) => ({
    id,
    label: chart.canvas.getAttribute('aria-label'),
    lines: chart.data.datasets.map(set => ({label: set.label, points: set.data.filter(p => Number.isFinite(p.y)).length})),
    x: chart.scales.x.ticks.map(tick => String(tick.label ?? tick.text)),
  }))})`));
  for (const chart of charts) {
    const {calls} = document.getElementById(chart.id);
    chart.drawn = (calls.stroke ?? 0) + (calls.fill ?? 0) + (calls.fillRect ?? 0);
  }
  const texts = Object.fromEntries(document.documentElement.all()
      .filter(element => /(-lead|-note|-title)$/.test(element.id)).map(element => [element.id, element.textContent]));

  // What a reader does: every button, every fold, some series, paper.
  let clicks = 0;
  for (const selector of ['.key', '.ranges button', '.sorter', '.pager button', '.stepper button', '.more', '.link']) {
    const buttons = document.querySelectorAll(selector);
    for (const button of selector === '.link' ? buttons.slice(0, 3) : buttons) {  // names of series: all do the same
      if (!button.isConnected || button.closest('[hidden]')) continue;  // replaced by an earlier click, or not shown
      button.onclick({target: button});
      ++clicks;
    }
  }
  let tables = 0;
  for (const details of document.querySelectorAll('details')) {
    details.setAttribute('open', '');
    details.ontoggle?.();
    tables += details.querySelectorAll('table').length;
  }
  const csv = {};
  for (const button of document.querySelectorAll('.csv')) {
    button.onclick();
    csv[button.getAttribute('aria-label').replace('Save as CSV: ', '')] = saved.at(-1).slice(1);
  }
  const select = document.getElementById('series');
  for (const option of select?.options.slice(0, 5) ?? []) {
    select.value = option.getAttribute('value');
    select.onchange();
  }
  const search = document.getElementById('series-search');
  if (search) {
    search.value = 'no series is called so';
    search.oninput();
  }
  for (const canvas of document.querySelectorAll('canvas')) canvas.onmousemove?.({offsetX: 300, offsetY: 20});
  window.fire('beforeprint');
  window.fire('afterprint');
  const maps = document.querySelectorAll('canvas').filter(canvas => canvas.id.endsWith('-map'))
      .map(canvas => ({id: canvas.id, cells: canvas.calls.fillRect ?? 0}));
  return {charts, texts, clicks, tables, maps, csv, links: document.querySelectorAll('.contents a').length};
}

try {
  process.stdout.write(JSON.stringify(run(fs.readFileSync(process.argv[2], 'utf8'))));
} catch (error) {
  process.stderr.write(`${error.stack.split('\n').map(line => line.slice(0, 200)).join('\n')}\n`);
  process.exitCode = 1;
}
