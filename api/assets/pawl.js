// Comfort only: every page works without this file.

// Copies the text of another element.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text.trim());
    button.classList.add("done");
  });
}

// Prints the page.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Follows what happens: the server sends the new piece of the page.
for (const part of document.querySelectorAll("[data-live]")) {
  const source = new EventSource(part.dataset.live);
  source.onmessage = (message) => (part.innerHTML = message.data);
}

// The same for a table that grows at the top.
for (const rows of document.querySelectorAll("[data-live-rows]")) {
  const source = new EventSource(rows.dataset.liveRows);
  source.onopen = () => {
    for (const sign of document.querySelectorAll("[data-following]")) sign.hidden = false;
  };
  source.onmessage = (message) => rows.insertAdjacentHTML("afterbegin", message.data);
}

// A form is sent once, however often it is clicked. (The server would see to it anyway.)
// One that brings a file leaves its page as it was, and may be sent again.
for (const form of document.querySelectorAll("form:not([data-file])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that comes back from the browser's memory is asked for again: what it may show has perhaps
// changed.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
