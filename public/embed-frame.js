// Keeps a frame on another site true: reads it again while somebody can see it, and replaces what changed.
(() => {
  const main = document.getElementById("main");
  const read = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { credentials: "omit" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh || fresh.outerHTML === main.outerHTML) return;
    const held = main.contains(document.activeElement);
    main.className = fresh.className;
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    if (held) main.querySelector("a").focus({ preventScroll: true });
  };
  const again = () => setTimeout(() => read().catch(() => {}).then(again), 55e3 + Math.random() * 1e4);
  document.addEventListener("visibilitychange", () => read().catch(() => {}));
  again();
})();
