// Applies the chosen theme before the first paint. Without a choice the CSS follows the system's theme.
try {
  const theme = localStorage.getItem("lc.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme holds.
}
