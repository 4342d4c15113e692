// Keeps a public page true without reading it again: the socket sends the parts that changed.
(() => {
  const main = document.getElementById("main");
  const sign = document.getElementById("live");
  if (!main || !main.dataset.live) return;
  let wait = 0;
  let hidden = 0;
  let polls;

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
      let amount = Math.max(0, (Date.now() - at) / 1000);
      for (const [size, unit] of units) {
        if (amount < size) {
          time.textContent = amount < 5 && unit === "second" ? "just now" : relative.format(-Math.floor(amount), unit);
          break;
        }
        amount /= size;
      }
    }
  };

  // A group that the visitor opened or closed stays so.
  const replace = (id, html) => {
    const before = document.getElementById(id);
    if (!before) return false;
    const box = document.createElement("template");
    box.innerHTML = html;
    const after = box.content.firstElementChild;
    if (before.dataset.touched) after.open = before.open, (after.dataset.touched = "1");
    const states = {};
    for (const row of before.querySelectorAll("li[id]")) states[row.id] = row.querySelector(".state").className;
    for (const row of after.querySelectorAll("li[id]"))
      if (states[row.id] && states[row.id] !== row.querySelector(".state").className) row.classList.add("changed");
    before.replaceWith(after);
    return true;
  };
  main.addEventListener("click", (event) => {
    const group = event.target.closest("summary")?.parentElement;
    if (group) group.dataset.touched = "1";
  });

  const icon = (href) => (document.querySelector("link[rel=icon]").href = href);

  const read = async () => {
    const answer = await fetch(location.href, { cache: "no-cache" });
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    for (const group of main.querySelectorAll("details[data-touched]")) {
      const same = fresh.querySelector("#" + group.id);
      if (same) (same.open = group.open), (same.dataset.touched = "1");
    }
    main.replaceChildren(...fresh.childNodes);
    main.dataset.version = fresh.dataset.version;
    document.title = page.title;
    icon(page.querySelector("link[rel=icon]").getAttribute("href"));
    times();
  };

  const later = () => {
    // Everybody who lost the same server comes back at a different moment.
    wait = Math.min(30, wait ? wait * 2 : 1);
    setTimeout(open, wait * 500 * (1 + Math.random()));
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
      const known = !news.reload && String(news.from) === main.dataset.version;
      if (known && Object.entries(news.regions).every(([id, html]) => replace(id, html))) {
        main.dataset.version = news.version;
        document.title = news.title;
        icon(news.icon);
        times();
      } else read().catch(() => socket.close());
    };
    socket.onclose = () => {
      say(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? "Reconnecting" : "Offline");
      if (!opened && wait > 8) poll();
      later();
    };
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hidden = Date.now();
    else if (Date.now() - hidden > 60000) read().catch(() => {});
  });
  times();
  setInterval(times, 15000);
  open();
})();
