// Comforts only: every page works without this file.
"use strict";

// "Agree to all" follows its boxes, and they follow it.
for (const form of document.querySelectorAll("form.consent")) {
  const all = form.querySelector(".agree-all");
  const boxes = [...form.querySelectorAll("input[name='item']")];
  if (!all || boxes.length === 0) continue;
  const settle = () => { all.checked = boxes.every((box) => box.checked); };
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  for (const box of boxes) box.addEventListener("change", settle);
  window.addEventListener("pageshow", () => {
    if (all.checked) for (const box of boxes) box.checked = true;
    else settle();
  });
}

// Show or hide a password.
for (const tool of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(tool.dataset.reveal);
  if (!input) continue;
  tool.hidden = false;
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    tool.textContent = shown ? tool.dataset.hide : tool.dataset.show;
    tool.setAttribute("aria-pressed", String(shown));
  };
  tool.addEventListener("click", () => show(input.type === "password"));
  // Never send it from a text input: browsers would offer to remember it as text.
  input.form?.addEventListener("submit", () => show(false));
}

// Copy what stands beside the button.
for (const tool of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(tool.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  tool.hidden = false;
  const label = tool.textContent;
  tool.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent.trim());
    tool.textContent = tool.dataset.done;
    setTimeout(() => { tool.textContent = label; }, 2000);
  });
}

// Bring a reported mistake to the person's attention.
document.querySelector("[role='alert'][tabindex]")?.focus();
