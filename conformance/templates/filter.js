// Without this script the page only lacks the search field.
"use strict";
const search = document.getElementById("search");
if (search) {
  search.hidden = false;
  const cases = [...document.querySelectorAll("details.case")].map((element) => [
    element,
    [element.id, ...[...element.querySelectorAll(".what, .cited a, .why")].map((part) => part.textContent)]
      .join(" ")
      .toLowerCase(),
  ]);
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const [element, text] of cases) {
      element.classList.toggle("unfound", !words.every((word) => text.includes(word)));
    }
  });
}
// A link to a case opens it.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();
