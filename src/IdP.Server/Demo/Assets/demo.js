// Keeps the demo person's code fresh; without scripts the page's refresh link does.
const code = document.getElementById('demo-code');
const left = document.getElementById('demo-left');
setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch('/demo/code', { cache: 'no-store' });
  if (!answer.ok) return;
  const now = await answer.json();
  if (code.textContent !== now.code) code.textContent = now.code;
  left.textContent = now.text;
}, 1000);
