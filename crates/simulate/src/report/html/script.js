// A line and the values below the pointer. The page tells everything without it.
for (const chart of document.querySelectorAll(".chart")) {
  const data = JSON.parse(chart.querySelector("script").textContent);
  const svg = chart.querySelector("svg"), cursor = svg.querySelector(".cursor"), tip = chart.querySelector(".tip");
  const hide = () => { cursor.style.visibility = tip.style.visibility = "hidden"; };
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const share = ((event.clientX - box.left) * scale - data.left) / data.width;
    if (share < 0 || share > 1) return hide();
    const number = Math.round(share * (data.times.length - 1)), x = data.left + data.width * number / (data.times.length - 1 || 1);
    cursor.setAttribute("x1", x); cursor.setAttribute("x2", x); cursor.style.visibility = "visible";
    const rows = data.series.map(([name, values, unit]) => {
      const value = values[number];
      return `<tr><td>${name}</td><td>${value === null ? "–" : value + unit}</td></tr>`;
    });
    tip.innerHTML = `<b>${data.times[number]}</b><table>${rows.join("")}</table>`;
    tip.style.visibility = "visible";
    const left = x / scale, room = box.width - left;
    tip.style.left = room > 200 ? `${left + 12}px` : "auto";
    tip.style.right = room > 200 ? "auto" : `${room + 12}px`;
  });
}
