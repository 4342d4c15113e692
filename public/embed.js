// Shows a banner while something is wrong: docs/EMBED.md tells how.
(() => {
  const tag = document.currentScript || document.querySelector('script[src*="/embed.js"]');
  if (!tag || !document.adoptedStyleSheets) return;
  const { position, theme } = tag.dataset;
  const source = new URL("embed.json", tag.src);
  const colours = { minor: "#b45309", major: "#ea580c", critical: "#dc2626" };
  let host, region, box, link, detail, back, closed, state, asked;

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host{all:initial!important;position:fixed!important;z-index:2147483647!important;inset:${position === "top" ? "0 0 auto" : "auto 0 0"}!important;pointer-events:none!important}
section{color-scheme:${theme === "light" || theme === "dark" ? theme : "light dark"};display:flex;gap:8px;align-items:center;box-sizing:border-box;width:fit-content;max-width:min(640px,100% - 24px);margin:12px auto;padding:8px 8px 8px 14px;font:14px/1.45 system-ui,sans-serif;color:CanvasText;background:Canvas;border:1px solid GrayText;border-left:5px solid;border-radius:8px;box-shadow:0 6px 24px #0003;pointer-events:auto}
p{flex:1;min-width:0;margin:0;overflow-wrap:anywhere}
a{color:inherit;font-weight:600}
button{width:32px;height:32px;padding:0;font:20px system-ui;color:inherit;background:none;border:0;border-radius:6px;cursor:pointer}
:focus-visible{outline:2px solid #3b82f6;outline-offset:2px}
@media(prefers-reduced-motion:no-preference){section{animation:in .2s}@keyframes in{from{opacity:0}}}
@media print{section{display:none}}`);

  const make = (name, parent, fields) => parent.appendChild(Object.assign(document.createElement(name), fields));
  const hide = () => {
    if (!box) return;
    const held = host.matches(":focus-within");
    box.remove();
    box = 0;
    if (held) back?.focus();
  };
  const close = () => {
    closed = state.key;
    try { sessionStorage.setItem(source, closed); } catch {}
    hide();
  };
  const show = () => {
    if (!box) {
      box = make("section", region, { ariaLabel: "Service status" });
      const words = make("p", box);
      link = make("a", words, { target: "_blank", rel: "noopener" });
      detail = make("span", words);
      make("button", box, { textContent: "×", ariaLabel: "Close", onclick: close });
    }
    box.style.borderLeftColor = colours[state.level] || "#3b82f6";
    link.href = state.url;
    link.textContent = state.organization + ": " + state.headline;
    detail.textContent = state.detail && " · " + state.detail;
  };

  const ask = async () => {
    if (document.hidden) return;
    asked = Date.now();
    const answer = await fetch(source, { credentials: "omit" });
    if (!answer.ok) return;
    state = await answer.json();
    try { closed = sessionStorage.getItem(source); } catch {}
    state.show && state.key !== closed ? show() : hide();
  };
  const quietly = () => ask().catch(() => {});
  const again = () => setTimeout(() => quietly().then(again), 54e3 + Math.random() * 12e3);
  document.addEventListener("visibilitychange", () => Date.now() - asked < 6e4 || quietly());
  const begin = () => {
    host = make("candor-status", document.body);
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    // There before anything is in it, so that what comes is read aloud.
    region = make("div", root, { role: "status" });
    // What such a handler returns would prevent the key.
    host.onkeydown = ({ key }) => { if (key === "Escape") close(); };
    host.addEventListener("focusin", ({ relatedTarget }) => (back = relatedTarget || back));
    quietly().then(again);
  };
  document.body ? begin() : document.addEventListener("DOMContentLoaded", begin);
})();
