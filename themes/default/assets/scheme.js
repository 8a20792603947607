/* Puts the scheme that the reader chose on the page, before it is painted where that is possible. */
(function () {
  try {
    var scheme = localStorage.getItem("scheme");
    if (scheme === "dark" || scheme === "light") document.documentElement.setAttribute("data-scheme", scheme);
  } catch (e) {}
})();
