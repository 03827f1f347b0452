// Keeps the open page up to date. Without it the page works the same, and shows
// what happened the next time it is loaded.

const updates = new EventSource("/events");

updates.onmessage = ({ data }) => {
  const received = document.createElement("template");
  received.innerHTML = data;
  for (const fresh of received.content.querySelectorAll("[data-part]")) {
    const shown = document.getElementById(fresh.id);
    if (!shown || shown.isEqualNode(fresh)) continue;
    for (const arrow of fresh.querySelectorAll(".arrow")) {
      if (!document.getElementById(arrow.id)) arrow.classList.add("new");
    }
    shown.replaceWith(fresh);
  }
};

// Loading the report need not leave the page: its steps arrive as they happen.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-live") || updates.readyState !== EventSource.OPEN) return;
  event.preventDefault();
  try {
    const answer = await fetch(form.action, { method: "POST", redirect: "manual" });
    if (answer.type !== "opaqueredirect") location.reload();
  } catch {
    form.submit();
  }
});
