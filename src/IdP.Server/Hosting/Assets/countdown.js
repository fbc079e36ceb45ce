// Counts down how long a page says it takes, and gives its button back then. Without scripts the sentence stays as it was drawn.
for (const hint of document.querySelectorAll("[data-seconds]")) {
  const end = performance.now() + hint.dataset.seconds * 1000;
  const ticking = setInterval(() => {
    const left = Math.ceil((end - performance.now()) / 1000);
    if (left > 0) {
      hint.textContent = hint.textContent.replace(/\d+:\d\d/, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
      return;
    }
    clearInterval(ticking);
    const button = hint.closest("form")?.querySelector("[data-send]");
    hint.remove();
    if (button)
      button.disabled = false;
  }, 1000);
}
