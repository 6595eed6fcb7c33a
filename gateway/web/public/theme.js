// Applies the remembered theme before anything is painted. Without a choice the system's theme holds by CSS alone.
try {
  const theme = localStorage.getItem("lc.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}
