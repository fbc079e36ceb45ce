// Goes on by itself once what the page waits for is decided elsewhere. Without scripts the page's own button does the same.
for (const line of document.querySelectorAll("[data-wait]")) {
  const form = line.closest("form");
  const byHand = form.querySelector("[data-by-hand]");
  const words = line.querySelector("span");
  let over = false;

  const heard = (state) => {
    if (over || state === "waiting")
      return;
    over = true;
    // What has expired is drawn anew; a decision is answered with the form, and with what is ticked in it.
    if (state === "over") {
      location.replace(form.action);
      return;
    }
    if (state === "approved")
      words.textContent = line.dataset.done;
    form.requestSubmit();
  };

  const ask = async () => {
    while (!over) {
      await new Promise((later) => setTimeout(later, 3000));
      try {
        const answer = await fetch(line.dataset.wait, { headers: { accept: "application/json" }, cache: "no-store" });
        if (answer.ok)
          heard((await answer.json()).state);
      } catch {
        // The network is away: once more, later.
      }
    }
  };

  // Where streams do not come through (a proxy that keeps them back), asking now and then does.
  const source = new EventSource(line.dataset.wait);
  const patience = setTimeout(() => {
    source.close();
    ask();
  }, 8000);
  for (const state of ["waiting", "approved", "denied", "over"]) {
    source.addEventListener(state, () => {
      clearTimeout(patience);
      if (state !== "waiting")
        source.close();
      heard(state);
    });
  }
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      clearTimeout(patience);
      ask();
    }
  });
  addEventListener("pagehide", () => {
    over = true;
    source.close();
  });

  line.hidden = false;
  byHand.hidden = true;
}
