// Copying and printing what a page shows. Without scripts the buttons stay hidden, and the text can be marked by hand.
for (const group of document.querySelectorAll("[data-for]")) {
  const source = document.getElementById(group.dataset.for);
  for (const button of group.querySelectorAll("[data-act]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (button.dataset.act === "print") {
        window.print();
        return;
      }
      await navigator.clipboard.writeText(source.innerText.trim());
      button.textContent = group.dataset.copied;
    });
  }
}
