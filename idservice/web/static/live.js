// Keeps a waiting page up to date: its state from the server's event stream, its countdown from the clock.
// Writes text only, and leaves the page by a normal navigation. Without it the page reloads by itself.

const state = document.getElementById("state");
const timer = document.querySelector("[role=timer]");
const FINAL = new Set(["answered", "refused", "expired", "done"]);

function say(words) {
  if (state && words && state.textContent !== words) state.textContent = words;
}

function follow() {
  const events = new EventSource(state.dataset.events);
  const onState = (event) => {
    const name = event.type;
    state.dataset.state = name;
    say(state.dataset[name]);
    if (FINAL.has(name)) {
      events.close();
      window.location.assign(state.dataset.result);
    }
  };
  for (const name of ["waiting", "opened", ...FINAL]) events.addEventListener(name, onState);
}

function countDown() {
  // The page may be shown later than it was made and the reader's clock may be wrong: count from what the server said.
  const shown = performance.now();
  const total = Number(timer.dataset.expires) - Number(timer.dataset.now);
  const said = new Set();
  const tick = () => {
    const left = Math.max(0, Math.round((total - (performance.now() - shown)) / 1000));
    timer.textContent = timer.dataset.text
      .replace("{minutes}", String(Math.floor(left / 60)))
      .replace("{seconds}", String(left % 60));
    if (state) {
      for (const [limit, words] of [[60, state.dataset.minute], [20, state.dataset.seconds]]) {
        if (left <= limit && left > limit - 5 && !said.has(limit)) {
          said.add(limit);
          say(words);
        }
      }
    }
    if (left === 0) {
      clearInterval(clock);
      if (!state) window.location.reload();
    }
  };
  const clock = setInterval(tick, 1000);
}

// On a narrow screen the wallet is most likely on this device: the code to scan waits behind its summary.
if (window.matchMedia("(max-width: 48rem)").matches) document.querySelector("details.id-fold")?.removeAttribute("open");
if (timer) countDown();
if (state && "EventSource" in window && !FINAL.has(state.dataset.state)) follow();
