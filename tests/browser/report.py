# SPDX-License-Identifier: GPL-2.0-only
"""Opens pages of `buddyscope report --html` through chromedriver, with nothing but the library of
Python, and holds what they show against the JSON file beside each."""
import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key the WebDriver standard gives a reference
PLOTS = ("free", "pressure", "map", "matrix", "stalls", "core-fallbacks", "core-free")
bad = []


class Browser:
    """The part of the WebDriver protocol that is needed here."""

    def __init__(self, profile):
        with open(os.path.join(profile, "log"), "wb") as log:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=log)
        for line in self.driver.stdout:
            if b"on port " in line and b"started" in line:
                self.base = "http://127.0.0.1:%d" % int(line.split(b"on port ")[1].rstrip(b".\n"))
                break
        else:
            raise SystemExit("chromedriver did not start")
        # A container may have no /dev/shm, or a small one.
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900",
                     "--user-data-dir=" + profile]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        except SystemExit:
            self.close()
            raise
        self.base += "/session/" + session["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as err:
            raise SystemExit("chromedriver: " + json.load(err)["value"]["message"]) from err

    def close(self):
        with contextlib.suppress(Exception):
            self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()

    def open(self, path):
        self.call("POST", "/url", {"url": "file://" + path})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def find(self, selector):
        return [e[ELEMENT] for e in self.call("POST", "/elements", {"using": "css selector", "value": selector})]

    def click(self, element):
        self.call("POST", f"/element/{element}/click")

    def keys(self, element, text):
        self.call("POST", f"/element/{element}/value", {"text": text})

    def attribute(self, element, name):
        return self.call("GET", f"/element/{element}/attribute/{name}")

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def errors(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]


def check(page, good, what):
    if not good:
        bad.append(f"{os.path.basename(page)}: {what}")


def rows_of(table):
    return table if isinstance(table, list) else [table]


def tables(browser, page, report):
    """Every value of the JSON stands in a table, and the text for people says the same number."""
    shown = browser.run("""return [...document.querySelectorAll("table[data-table]")].map(t => [t.dataset.table,
        [...t.querySelectorAll("tbody")].map(b => b.parentNode.caption ? [[...b.querySelectorAll("td")]] : [...b.rows].map(r => [...r.cells]))[0]
        .map(cells => cells.map(c => [c.dataset.key, c.dataset.value, c.textContent]))])""")
    seen = {}
    for name, rows in shown:
        expected = [[[k, "" if v is None else str(v).lower() if isinstance(v, bool) else str(v)] for k, v in row.items()]
                    for row in rows_of(report[name])]
        check(page, [[c[:2] for c in row] for row in rows] == expected, f"table {name} is not the JSON's")
        for row, cells in zip(rows_of(report[name]), rows):
            for key, _, text in cells:
                if isinstance(row[key], int) and not isinstance(row[key], bool) and not key.endswith("_ns"):
                    check(page, text.replace(",", "") == str(row[key]), f"{name}.{key}: '{text}' is not {row[key]}")
        seen[name] = len(rows)
    for name, table in report.items():
        if name != "schema" and rows_of(table):
            check(page, seen.get(name, 0) == len(rows_of(table)), f"no table with all of {name}")
    return sum(seen.values())


def plots(browser, page, report):
    """Each plot has its marks, inside it and with a size, and carries a name."""
    seen = browser.run("""return Object.fromEntries([...document.querySelectorAll("svg")].map(s => {
        const box = s.getBoundingClientRect(), marks = [...s.querySelectorAll(".mark")].map(m => m.getBoundingClientRect());
        return [s.id, { label: s.getAttribute("aria-label"), role: s.getAttribute("role"), marks: marks.length,
            visible: marks.filter(m => m.width > 0 && m.height > 0).length,
            inside: marks.every(m => m.left >= box.left - 1 && m.right <= box.right + 1 && m.top >= box.top - 1 && m.bottom <= box.bottom + 1) }]; }))""")
    orders = len([k for k in report["timeline"][0] if k.startswith("free_")])
    kinds = {(r["to"], r["from"]) for r in report["fallbacks"] if r["events"]}
    expected = {
        "free": orders,
        "map": len(report["map"]),
        "matrix": len(kinds),
        "stalls": len([r for r in report["stall_histogram"] if r["count"]]),
        "core-fallbacks": 2 * len({(r["to"], r["from"]) for r in report["fallbacks"]}),
        "core-free": 2 * orders,
    }
    for name in PLOTS:
        plot = seen.get("plot-" + name)
        check(page, plot, f"no plot {name}")
        if not plot:
            continue
        check(page, plot["role"] == "img" and plot["label"], f"plot {name} has no name")
        check(page, plot["marks"] == expected.get(name, plot["marks"]), f"plot {name}: {plot['marks']} marks, not {expected.get(name)}")
        check(page, plot["visible"] > 0 and plot["inside"], f"plot {name}: marks are invisible or outside: {plot}")
    matrix = browser.run("""return [...document.querySelectorAll("#plot-matrix g.mark")].map(g =>
        [g.dataset.to, g.dataset.from, Number(g.dataset.events), g.querySelector("text").textContent])""")
    for to, lender, events, text in matrix:
        expect = sum(r["events"] for r in report["fallbacks"] if r["to"] == to and r["from"] == lender)
        check(page, events == expect and text.replace(",", "") == str(expect), f"matrix {lender} for {to}: {text} is not {expect}")
    for name, kernel, core in (("core-fallbacks", ("fallbacks", "events"), ("fallbacks", "core")),
                               ("core-free", ("free", "end_kernel"), ("free", "end_core"))):
        for who, (table, key) in (("kernel", kernel), ("core", core)):
            drawn = browser.run("""return [...document.querySelectorAll(arguments[0])].reduce((n, m) => n + Number(m.dataset.value), 0)""",
                                f"#plot-{name} [data-who={who}]")
            check(page, drawn == sum(r[key] for r in report[table]), f"{name}: the {who}'s bars add up to {drawn}")


def clicks(browser, page):
    """Buttons and tables, by mouse and by keyboard."""
    shape = lambda: browser.run('return [...document.querySelectorAll("#plot-free path")].map(p => p.getAttribute("d"))')
    buttons = browser.find("#free .chips button")
    first = shape()
    for button in buttons:
        zone = browser.run("return arguments[0].closest('.chips').getAttribute('aria-label')", {ELEMENT: button}) == "Zone"
        before = browser.attribute(button, "aria-pressed")
        if zone:
            browser.click(button)
            check(page, browser.attribute(button, "aria-pressed") == "true", "a zone's button does not stay pressed")
            check(page, (shape() == first) == (before == "true"), "a zone's button changes nothing, or all")
            continue
        shown = len(shape())
        browser.keys(button, " ")
        check(page, browser.attribute(button, "aria-pressed") == "false" and len(shape()) == shown - 1, "the space bar hides no order")
        browser.click(button)
        check(page, browser.attribute(button, "aria-pressed") == "true" and len(shape()) == shown, "a click shows no order again")
    browser.click(buttons[0])
    check(page, shape() == first, "all zones do not look as before")
    for summary in browser.find("summary"):
        browser.keys(summary, "\ue007")  # Enter
        opened = browser.run("""const d = arguments[0].parentNode, b = d.querySelector("table").getBoundingClientRect();
            return d.open && b.width > 0 && b.height > 0;""", {ELEMENT: summary})
        check(page, opened, "Enter opens no table")
        browser.click(summary)
        check(page, not browser.run("return arguments[0].parentNode.open", {ELEMENT: summary}), "a click closes no table")
    for link in browser.find("nav a"):
        target = browser.attribute(link, "href").split("#")[1]
        browser.click(link)
        top = browser.run("return document.getElementById(arguments[0]).getBoundingClientRect().top - innerHeight", target)
        check(page, top < 0, f"the link to {target} does not lead there")


CONTRAST = """
const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = color => { const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map(channel); return .2126 * r + .7152 * g + .0722 * b; };
const ratio = (e, on) => { const [a, b] = [light(getComputedStyle(e).color), light(getComputedStyle(on).backgroundColor)].sort((x, y) => y - x);
    return (a + .05) / (b + .05); };
const section = document.querySelector("section");
return [ratio(document.querySelector("h1"), document.body), ratio(document.querySelector("header p"), document.body), ratio(section.querySelector("p"), section)];"""


def looks(browser, page):
    """Readable on a light and a dark screen, and on a narrow one."""
    for scheme in "dark", "light":
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        contrast = browser.run(CONTRAST)
        check(page, min(contrast) >= 4.5, f"contrast of {contrast} on a {scheme} screen")
        if os.environ.get("SCREENSHOTS"):
            size = browser.devtools("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
            picture = browser.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
            name = os.path.basename(page).replace(".html", f"-{scheme}.png")
            with open(os.path.join(os.environ["SCREENSHOTS"], name), "wb") as file:
                file.write(base64.b64decode(picture))
    browser.devtools("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
    wide = browser.run("return document.scrollingElement.scrollWidth")
    check(page, wide <= 400, f"{wide} pixels wide on a screen of 400")
    browser.devtools("Emulation.clearDeviceMetricsOverride")


def one(browser, page):
    with open(page.replace(".html", ".json"), encoding="utf-8") as file:
        report = json.load(file)
    browser.open(page)
    check(page, browser.run("return performance.getEntriesByType('resource').length") == 0, "something was loaded")
    shown = tables(browser, page, report)
    name = os.path.basename(page)
    if name.startswith("debian"):
        check(page, shown > 500, "next to no table")
        plots(browser, page, report)
        clicks(browser, page)
    trust = browser.run("return document.getElementById('trust').textContent")
    if name.startswith("hostile"):
        check(page, report["trace"]["command"] in browser.run("return document.title"), "the command's name is not in the title")
        check(page, not browser.find("#hostile"), "a name became an element")
        check(page, "17 events were lost" in trust, "nothing is said of the loss")
    if name.startswith("cut"):
        check(page, report["loss"]["cut"] in trust, "nothing is said of the cut")
    if name.startswith("empty"):
        check(page, not browser.find(".mark"), "marks without events")
    looks(browser, page)
    for error in browser.errors():
        check(page, False, "the console says: " + error)


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for page in sys.argv[1:]:
                one(browser, page)
        finally:
            browser.close()
    print("\n".join(bad[:40]))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
