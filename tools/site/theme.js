// First of all, so that a dark page never flashes white. Without a choice the system's holds.
window.storedTheme = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
window.systemTheme = () => matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset.theme = storedTheme() || systemTheme();
window.MathJax = {
  tex: { inlineMath: [["\\(", "\\)"]], displayMath: [["\\[", "\\]"]] },
  options: { enableMenu: false },
  startup: { pageReady: () => MathJax.startup.defaultPageReady().then(() =>
    document.dispatchEvent(new Event("typeset"))) },
};
