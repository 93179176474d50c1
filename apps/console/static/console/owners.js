// Ownership cells: a text "erp,crm" becomes chips that can be moved and removed, with a list to add from.
(() => {
  "use strict";

  const build = (input, known) => {
    const box = document.createElement("span");
    box.className = "hub-order edit";
    input.type = "hidden";
    input.after(box);
    const others = input.parentElement.querySelector(".hub-others");
    const owners = () => input.value.split(",").map((each) => each.trim()).filter(Boolean);
    const put = (list) => { input.value = list.join(","); draw(); };

    const button = (text, title, act) => {
      const element = document.createElement("button");
      element.type = "button";
      element.textContent = text;
      element.title = title;
      element.addEventListener("click", act);
      return element;
    };

    const draw = () => {
      const list = owners();
      box.replaceChildren(...list.map((owner, at) => {
        const chip = document.createElement("span");
        chip.className = at ? "hub-owner" : "hub-owner first";
        if (at) chip.append(button("‹", `Move ${owner} forward`, () => put([...list.slice(0, at - 1), owner, list[at - 1], ...list.slice(at + 1)])));
        chip.append(owner, button("×", `Remove ${owner}`, () => put(list.filter((each) => each !== owner))));
        return chip;
      }));
      const add = document.createElement("select");
      add.setAttribute("aria-label", `Add to ${input.getAttribute("aria-label")}`);
      add.append(new Option("+", ""), ...known.filter((each) => !list.includes(each)).map((each) => new Option(each, each)));
      add.addEventListener("change", () => { if (add.value) put([...list, add.value]); });
      box.append(add);
      if (others) others.hidden = list.length === 0;
    };
    draw();
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-owners]").forEach((table) => {
      const known = table.dataset.owners.split(",");
      table.querySelectorAll("input[data-order]").forEach((input) => build(input, known));
    });
  });
})();
