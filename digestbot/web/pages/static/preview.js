// Makes the preview anew when a choice changes: asks for the windows alone and puts them in place.
// Without this file the form's button does the same.
"use strict";
(() => {
  const form = document.querySelector("form.controls[data-windows]");
  const proofs = document.getElementById("proofs");
  if (!form || !proofs) return;
  const state = form.querySelector(".state");
  const again = { after: 3000, most: 20, times: 0 };
  let asked = 0;

  const choices = () => {
    const data = new URLSearchParams();
    for (const field of form.elements) {
      if (!field.name || "local" in field.dataset || (["radio", "checkbox"].includes(field.type) && !field.checked)) continue;
      if (field.value !== "") data.set(field.name, field.value);
    }
    return data;
  };

  const show = async () => {
    const mine = ++asked;
    const query = choices();
    form.setAttribute("aria-busy", "true");
    state.textContent = "Making it anew …";
    let words = "Could not be made. Press Show to try again.";
    try {
      const answer = await fetch(`${form.dataset.windows}?${query}`, { headers: { Accept: "text/html" } });
      const html = await answer.text();
      if (mine !== asked) return;
      if (answer.ok) {
        proofs.innerHTML = html;
        history.replaceState(null, "", `${form.getAttribute("action")}?${query}`);
        words = "Made anew.";
      }
    } catch {
      if (mine !== asked) return;
    }
    form.removeAttribute("aria-busy");
    state.textContent = words;
    lookAgain();
  };

  // A model may need a minute for a summary: look again while one is still being made.
  let waiting;
  const lookAgain = () => {
    clearTimeout(waiting);
    if (!proofs.querySelector("[data-unfinished]") || again.times++ >= again.most) return;
    waiting = setTimeout(show, again.after);
  };

  form.addEventListener("input", (event) => {
    if ("local" in event.target.dataset || !form.reportValidity()) return;
    again.times = 0;
    clearTimeout(waiting);
    waiting = setTimeout(show, event.target.type === "number" ? 250 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    again.times = 0;
    show();
  });
  lookAgain();
})();
