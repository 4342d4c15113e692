// Shows how well this browser hears of changes: see docs/LIVE.md.
(() => {
  const main = document.getElementById("main");
  const { organization } = main.dataset;
  const sign = document.getElementById("live");
  const field = (id) => document.getElementById(id);
  const rows = field("messages");
  const MOST = 50;
  const PING_EVERY = 5000;
  let socket, pinging, retrying, version, wait = 0, received = 0, reconnects = 0, next = 0, trips = [];
  const sent = new Map();

  field("test").hidden = false;

  const say = (state, words) => {
    sign.hidden = false;
    sign.dataset.state = state;
    if (sign.textContent !== words) sign.textContent = words;
    field("state").textContent = words;
  };
  const count = () => {
    field("received").textContent = received;
    field("reconnects").textContent = reconnects;
    field("version").textContent = version ?? "–";
    const sorted = [...trips].sort((one, other) => one - other);
    const shown = (trip) => (trip < 10 ? trip.toFixed(1) : Math.round(trip)) + " ms";
    field("latency").textContent = trips.length
      ? `${shown(trips.at(-1))}, median of the last ${trips.length}: ${shown(sorted[trips.length >> 1])}`
      : "–";
  };
  const cell = (row, text, inside) => {
    const td = row.appendChild(document.createElement("td"));
    (inside ? td.appendChild(document.createElement(inside)) : td).textContent = text;
  };
  const note = (type, text) => {
    const row = document.createElement("tr");
    cell(row, new Date().toLocaleTimeString());
    cell(row, type);
    cell(row, text, "code");
    rows.prepend(row);
    while (rows.children.length > MOST) rows.lastElementChild.remove();
    field("none").hidden = true;
  };

  const ping = () => {
    if (socket.readyState !== WebSocket.OPEN || document.hidden) return;
    sent.set(++next, performance.now());
    socket.send(JSON.stringify({ type: "ping", id: next }));
  };

  const hear = ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === "pong") {
      if (!sent.has(message.id)) return;
      trips = [...trips, performance.now() - sent.get(message.id)].slice(-20);
      sent.delete(message.id);
      return count();
    }
    received += 1;
    // Of a version with several events only the last one says that all of it was heard.
    if (message.version && !message.more) version = message.version;
    if (message.type === "subscribed") {
      wait = 0;
      say("live", "Live");
      ping();
    }
    if (message.type === "error") say("offline", message.message);
    note(message.type, data);
    count();
  };

  const open = () => {
    clearTimeout(retrying);
    clearInterval(pinging);
    sent.clear();
    say("reconnecting", "Connecting");
    const address = new URL("/api/v1/live", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const opened = (socket = new WebSocket(address));
    field("transport").textContent = `WebSocket, ${address.protocol === "wss:" ? "encrypted" : "not encrypted"}`;
    socket.onopen = () => {
      const since = version ? { [organization]: version } : {};
      opened.send(JSON.stringify({ type: "subscribe", organizations: [organization], since }));
      pinging = setInterval(ping, PING_EVERY);
    };
    socket.onmessage = hear;
    socket.onclose = ({ code }) => {
      // Another one has taken its place.
      if (opened !== socket) return;
      clearInterval(pinging);
      wait = Math.min(30, wait ? wait * 2 : 1);
      const seconds = code === 1012 ? Math.random() * 10 : wait * (0.5 + Math.random() / 2);
      say(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? "Reconnecting" : "Offline");
      retrying = setTimeout(again, seconds * 1000);
    };
  };
  const again = () => {
    reconnects += 1;
    count();
    open();
  };

  field("reconnect").onclick = () => {
    const before = socket;
    wait = 0;
    again();
    before.close();
  };
  field("clear").onclick = () => {
    rows.replaceChildren();
    field("none").hidden = false;
    received = 0;
    count();
  };
  count();
  open();
})();
