-- How a page looks and what little of it moves. Nothing is fetched: system fonts, colours by the
-- reader's choice of light or dark, paper always light.

local style = {}

style.css = [[
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--muted:#57606a;--grid:#e4e4e4;
--frame:#888;--line:#d0d7de;--shade:#f6f8fa;--link:#0550ae;--good:#116329;--warn:#7d4e00;
--bad:#a40e26}
@media screen and (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e6e8ea;--muted:#a4acb6;
--grid:#343b43;--frame:#7d8590;--line:#3d444d;--shade:#1d2127;--link:#79b8ff;--good:#6bd68a;
--warn:#e3b341;--bad:#ff938a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem;background:var(--paper);
color:var(--ink);overflow-wrap:break-word;
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
h1,h2,h3,h4,h5,h6{line-height:1.25;margin:1.8em 0 .5em;scroll-margin-top:.5rem}
h1{font-size:1.8rem;margin:.2em 0}
h2{font-size:1.35rem;border-bottom:1px solid var(--line);padding-bottom:.2em}
h3{font-size:1.1rem}
h4,h5,h6{font-size:1rem}
.anchor{margin-left:.4em;text-decoration:none;opacity:0}
h2:hover .anchor,h3:hover .anchor,h4:hover .anchor,h5:hover .anchor,h6:hover .anchor,
.anchor:focus{opacity:1}
.subtitle{color:var(--muted);margin:0 0 1.2em}
p,ul,ol,dl,pre,figure,details,.scroll{margin:0 0 1em}
small{color:var(--muted);font-size:.85em;font-weight:400}
nav{font-size:.95rem;margin:0 0 1.5em;padding:.6em 1em;background:var(--shade);border-radius:6px}
nav ul{margin:0;padding-left:1.1em}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.95rem}
caption{text-align:left;color:var(--muted);padding:.2em 0}
th,td{padding:.3em .9em .3em 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--frame);vertical-align:bottom}
tbody th{font-weight:400}
tbody th[scope=row],thead th:first-child{position:sticky;left:0;background:var(--paper)}
.section span{display:inline-block;position:sticky;left:0}
.section th{font-weight:600;padding-top:1em}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td small,th small{display:block}
.good{color:var(--good);font-weight:600}
.warn{color:var(--warn)}
.bad{color:var(--bad);font-weight:600}
th button{all:unset;cursor:pointer;font-weight:600}
th button:focus-visible{outline:2px solid var(--link);outline-offset:2px}
th button:hover{text-decoration:underline}
th button::after{content:"\00a0\2195";color:var(--muted);font-weight:400}
th[aria-sort=ascending] button::after{content:"\00a0\2191";color:var(--ink)}
th[aria-sort=descending] button::after{content:"\00a0\2193";color:var(--ink)}
figcaption{color:var(--muted);font-size:.95rem}
figure svg{display:block;max-width:100%;min-width:30rem;height:auto}
figure img{display:block;max-width:100%;height:auto;background:var(--shade)}
.pixels{image-rendering:pixelated}
pre,code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{overflow:auto;max-height:40rem;padding:.8em 1em;background:var(--shade);border-radius:6px;
font-size:.85rem;line-height:1.4;tab-size:4}
details{border:1px solid var(--line);border-radius:6px;padding:.4em .9em}
details pre{margin:.4em 0}
summary{cursor:pointer}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10rem,1fr));gap:.6em 1.2em}
.facts dt{color:var(--muted);font-size:.9rem}
.facts dd{margin:0;font-variant-numeric:tabular-nums}
.warning{border-left:4px solid var(--warn);background:var(--shade);padding:.5em .9em;
border-radius:0 6px 6px 0}
.warning strong{color:var(--warn)}
@media screen and (min-width:84rem){.toc{display:grid;max-width:80rem;column-gap:2rem;
grid-template:"nav head" auto "nav main" 1fr / 16rem minmax(0,60rem)}.toc header{grid-area:head}
.toc main{grid-area:main}.toc nav{grid-area:nav;position:sticky;top:1rem;align-self:start;
max-height:calc(100vh - 2rem);overflow:auto}}
@media print{:root{color-scheme:light}body{max-width:none;padding:0}nav,.anchor{display:none}
pre{max-height:none;white-space:pre-wrap;background:none;
border:1px solid var(--line)}.scroll{overflow:visible}figure svg{min-width:0}
th button::after{content:none!important}th[scope]{position:static!important}
tr,figure,.warning{break-inside:avoid}h1,h2,h3,h4,h5,h6{break-after:avoid}
details::details-content{content-visibility:visible;display:block}}
]]

-- A header becomes a button: up, down, and back to the order of the page. Rows stay inside their
-- section; what has no number stands last either way. A closed log is opened for the printer.
style.script = [[
(function () {
  "use strict";
  var text = new Intl.Collator(undefined, {numeric: true, sensitivity: "base"});
  function key(row, i, numeric) {
    var cell = row.cells[i];
    if (!cell) return numeric ? NaN : "";
    var v = cell.hasAttribute("data-v") ? cell.getAttribute("data-v") : cell.textContent.trim();
    if (!numeric) return v;
    if (v === "inf") return Infinity;
    if (v === "-inf") return -Infinity;
    return v === "" ? NaN : Number(v);
  }
  function missing(k) { return k !== k || k === ""; }
  function compare(a, b, numeric, sign) {
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    if (numeric) return a < b ? -sign : a > b ? sign : 0;
    return sign * text.compare(a, b);
  }
  document.querySelectorAll("table.sort").forEach(function (table) {
    var groups = Array.from(table.tBodies).map(function (body) {
      return {body: body, rows: Array.from(body.rows).filter(function (row) {
        return !row.classList.contains("section");
      })};
    });
    var heads = Array.from(table.tHead.rows[0].cells);
    function sort(th, i) {
      var was = th.getAttribute("aria-sort");
      var now = was === "ascending" ? "descending" : was === "descending" ? null : "ascending";
      var numeric = th.hasAttribute("data-numeric"), sign = now === "descending" ? -1 : 1;
      heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
      if (now) th.setAttribute("aria-sort", now);
      groups.forEach(function (group) {
        var rows = group.rows.slice();
        if (now) {
          rows = rows.map(function (row) { return {row: row, key: key(row, i, numeric)}; })
            .sort(function (a, b) { return compare(a.key, b.key, numeric, sign); })
            .map(function (entry) { return entry.row; });
        }
        rows.forEach(function (row) { group.body.appendChild(row); });
      });
    }
    heads.forEach(function (th, i) {
      if (!th.textContent.trim()) return;
      var button = document.createElement("button");
      button.type = "button";
      while (th.firstChild) button.appendChild(th.firstChild);
      th.appendChild(button);
      button.addEventListener("click", function () { sort(th, i); });
    });
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (log) { log.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (log) { log.open = false; });
  });
})();
]]

return style
