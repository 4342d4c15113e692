// Keeps a public page true without reading it again: the socket sends the parts that changed.
(() => {
  const main = document.getElementById("main");
  const sign = document.getElementById("live");
  if (!main || !main.dataset.live) return;
  let wait = 0;
  let hidden = 0;
  let polls;
  // The latest version that the socket told of.
  let heard = 0;

  const say = (state, words) => {
    sign.hidden = false;
    sign.dataset.state = state;
    sign.textContent = words;
  };

  const units = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [1e9, "year"]];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const times = () => {
    for (const time of document.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      time.title = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
      if (!("relative" in time.dataset)) continue;
      const past = at < Date.now();
      let amount = Math.abs(Date.now() - at) / 1000;
      for (const [size, unit] of units) {
        if (amount < size) {
          const near = amount < 5 && unit === "second";
          time.textContent = near ? "just now" : relative.format(past ? -Math.floor(amount) : Math.floor(amount), unit);
          break;
        }
        amount /= size;
      }
    }
  };

  // A bar tells of any of its days, under the pointer or by arrow keys: its date, what it was, and the
  // incidents of that day. Only days that were not operational are written in the bar.
  let facts, tip, shown;
  const length = (minutes) => {
    const parts = [[minutes / 1440, "d"], [(minutes / 60) % 24, "h"], [minutes < 1440 && minutes % 60, "min"]];
    return parts.filter(([amount]) => amount >= 1).map(([amount, unit]) => Math.floor(amount) + " " + unit).join(" ");
  };
  const lines = (bar, day, last) => {
    const at = new Date(Date.parse(facts.today) - (last - day) * 864e5);
    const iso = at.toISOString().slice(0, 10);
    const [, status, minutes] = RegExp("\\b" + day + "([a-z])(\\d+)").exec(bar.dataset.d) || [];
    const empty = /h(\d+)/.exec(bar.querySelector(".n")?.getAttribute("d"));
    const words = status
      ? facts.labels[status] + ", " + length(minutes) + (day === last ? " so far" : "")
      : empty && day < empty[1] ? "No data" : facts.labels.o;
    const service = bar.closest("[id^=s-]").id.slice(2);
    const there = ([, from, to, of]) => from <= iso && iso <= to && (of === "*" || of.includes(service));
    return [at.toUTCString().slice(5, 16).replace(/^0/, ""), words, ...facts.incidents.filter(there).map(([title]) => title)];
  };
  const hide = () => {
    shown = null;
    if (tip) tip.hidden = true;
  };
  // `where` says which of the days that are in sight.
  const show = (bar, where) => {
    if (!facts) return;
    const box = bar.getBoundingClientRect();
    const last = bar.viewBox.baseVal.width - 1;
    const days = +getComputedStyle(bar).getPropertyValue("--days") || last + 1;
    const day = Math.max(last + 1 - days, Math.min(last, where(last + 1 - days, days / box.width, box)));
    if (shown && shown.bar === bar && shown.day === day) return;
    shown = { bar, day };
    if (!tip) {
      tip = document.body.appendChild(document.createElement("div"));
      tip.className = "tip";
      tip.setAttribute("aria-live", "polite");
    }
    const words = lines(bar, day, last);
    tip.replaceChildren(...words.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    tip.hidden = false;
    const left = box.left + ((day - last + days - 0.5) * box.width) / days - tip.offsetWidth / 2;
    const most = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.max(8, Math.min(left, most)) + scrollX + "px";
    tip.style.top = box.bottom + scrollY + "px";
  };
  const point = ({ target, clientX }) => {
    const bar = target.closest?.(".bar");
    if (bar) show(bar, (first, scale, box) => first + Math.floor((clientX - box.left) * scale));
    else if (!target.closest?.(".tip")) hide();
  };
  document.addEventListener("pointermove", point, { passive: true });
  document.addEventListener("pointerdown", point, { passive: true });
  document.addEventListener("focusout", hide);
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches(".bar:focus-visible")) show(target, () => 1e3);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e3, End: 1e3 }[event.key];
    if (!step || !event.target.matches(".bar")) return;
    event.preventDefault();
    const day = shown ? shown.day : 1e3;
    show(event.target, () => day + step);
  });

  // What the page brings along: what its days were, and when the next one begins.
  let turn;
  const learn = () => {
    const told = document.getElementById("facts");
    facts = told && JSON.parse(told.content.textContent);
    for (const bar of document.querySelectorAll(".bar[data-d]")) bar.tabIndex = 0;
    if (shown && !shown.bar.isConnected) hide();
    clearTimeout(turn);
    if (!facts) return;
    // Everybody's day turns at once, so they ask one after the other; and a clock that is wrong does
    // not ask all the time.
    const wait = Math.max(new Date(facts.until) - Date.now(), 3e5) + Math.random() * 6e4;
    if (wait < 2 ** 31) turn = setTimeout(() => read().catch(() => {}), wait);
  };

  // A group that the visitor opened or closed stays so.
  const replace = (id, html) => {
    const before = document.getElementById(id);
    if (!before) return false;
    const box = document.createElement("template");
    box.innerHTML = html;
    const after = box.content.firstElementChild;
    if (before.dataset.touched) after.open = before.open, (after.dataset.touched = "1");
    const stops = (element) => [...element.querySelectorAll("a, summary, .bar[data-d]")];
    const held = stops(before).indexOf(document.activeElement);
    const states = {};
    for (const row of before.querySelectorAll("li[id]")) states[row.id] = row.querySelector(".state").className;
    for (const row of after.querySelectorAll("li[id]"))
      if (states[row.id] && states[row.id] !== row.querySelector(".state").className) row.classList.add("changed");
    before.replaceWith(after);
    // Whoever reads with the keyboard goes on where they were.
    for (const bar of after.querySelectorAll(".bar[data-d]")) bar.tabIndex = 0;
    if (held >= 0) stops(after)[held]?.focus({ preventScroll: true });
    return true;
  };
  main.addEventListener("click", (event) => {
    const group = event.target.closest("summary")?.parentElement;
    if (group) group.dataset.touched = "1";
  });

  const icon = (href) => (document.querySelector("link[rel=icon]").href = href);

  const read = async () => {
    const answer = await fetch(location.href, { cache: "no-cache" });
    // What was here has gone: the page says so itself.
    if (answer.status === 404) location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    // Another reading was faster.
    if (+fresh.dataset.version < +main.dataset.version) return;
    for (const group of main.querySelectorAll("details[data-touched]")) {
      const same = fresh.querySelector("#" + group.id);
      if (same) (same.open = group.open), (same.dataset.touched = "1");
    }
    main.replaceChildren(...fresh.childNodes);
    main.dataset.version = fresh.dataset.version;
    document.title = page.title;
    icon(page.querySelector("link[rel=icon]").getAttribute("href"));
    times();
    learn();
  };

  // A server that cannot make the page now gives the last good one: what it told of is asked for again.
  const catchUp = async () => {
    await read();
    if (+main.dataset.version < heard) setTimeout(() => catchUp().catch(() => {}), 2e3 + Math.random() * 3e3);
  };

  // Everybody who lost the same server comes back at a different moment, over ten seconds when it says
  // that it restarts.
  const later = (restarts) => {
    wait = Math.min(30, wait ? wait * 2 : 1);
    setTimeout(open, restarts ? Math.random() * 1e4 : wait * 500 * (1 + Math.random()));
  };

  // Where sockets are blocked, the page is asked for instead.
  const poll = () => {
    polls ||= setInterval(() => read().catch(() => say("offline", "Offline")), 30000);
  };

  const open = () => {
    let opened = false;
    const address = new URL(main.dataset.live + "?version=" + main.dataset.version, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.onopen = () => {
      opened = true;
      wait = 0;
      polls = clearInterval(polls);
      say("live", "Live");
    };
    socket.onmessage = ({ data }) => {
      const news = JSON.parse(data);
      heard = Math.max(heard, news.version);
      const known = !news.reload && !("whole" in main.dataset) && String(news.from) === main.dataset.version;
      if (known && Object.entries(news.regions).every(([id, html]) => replace(id, html))) {
        main.dataset.version = news.version;
        document.title = news.title;
        icon(news.icon);
        times();
        learn();
      } else catchUp().catch(() => socket.close());
    };
    socket.onclose = ({ code }) => {
      say(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? "Reconnecting" : "Offline");
      if (!opened && wait > 8) poll();
      later(code === 1012);
    };
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hidden = Date.now();
    else if (Date.now() - hidden > 60000) read().catch(() => {});
  });
  times();
  learn();
  setInterval(times, 15000);
  open();
})();
