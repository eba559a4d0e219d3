#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""ab_table.py DIR KERNELS PAIRS: what settings did to real kernels, and what the core predicted.

DIR/a/N/KERNEL/auto.pgt are recordings with the kernel's own settings, DIR/PAIR/N/... with PAIR in
force.  Each recording of A gives a prediction of A and of B, the means of `tune --runs`; their means
are compared.
"""
import glob
import json
import math
import os
import subprocess
import sys

WHAT = [("fallbacks", 25), ("free order 9", 10)]  # and how near is wanted, in percent
RUNS = os.environ.get("TUNE_RUNS", "8")  # of the core, for each recording


def ask(*args):
    out = subprocess.run([os.environ["BUDDYSCOPE"], *args], check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def kernel_did(trace):
    """fallbacks and free blocks of order 9 at the end"""
    whole = ask("replay", "--mode", "request", "--json", trace)
    blocks = sum(both["kernel"] << (order - 9)
                 for order, both in enumerate(whole["final_free"]) if order >= 9)
    return whole["fallbacks_in"]["kernel"], blocks


def predict(trace, setting):
    """the same, as the core has it, with nothing changed and with the setting"""
    whole = ask("tune", "--runs", RUNS, "--goal", "fallbacks", "--grid", setting, "--json", trace)
    return [(run["fallbacks"], run["end_free"]) for run in (whole["unchanged"], whole["rows"][0])]


def recordings(folder, name, kernel):
    return sorted(glob.glob(os.path.join(folder, name, "*", kernel, "auto.pgt")))


def mean(values):
    return sum(values) / len(values)


def span(values):
    return f"{min(values)} to {max(values)}" if len(values) > 1 else f"{values[0]}, once"


def apart(a, b):
    """Do the two settings differ by more than runs of the same do?"""
    if len(a) < 2 or len(b) < 2:
        return None
    return max(a) < min(b) or max(b) < min(a)


def spread(values):
    """How far the runs of one setting lie apart, in percent of their mean"""
    return 100 * (max(values) - min(values)) / mean(values) if mean(values) else None


def chance(a, b):
    """How often two equal settings would come apart, in percent, with so many runs of each."""
    return 200 / math.comb(a + b, a)


def judge(real_a, real_b, core_a, core_b):
    """(sign right, percent that B is off, and the change); sign is None where the real effect drowns"""
    real = mean(real_b) - mean(real_a)
    core = mean(core_b) - mean(core_a)
    sign = (real > 0) == (core > 0) and core != 0 if apart(real_a, real_b) else None
    off = 100 * (mean(core_b) - mean(real_b)) / mean(real_b) if mean(real_b) else None
    change = 100 * (core / real - 1) if real else None
    return sign, off, change


def compare(folder, kernel, pair):
    rows = []
    a, b = recordings(folder, "a", kernel), recordings(folder, pair, kernel)
    if not a or not b:
        return rows
    real_a = [kernel_did(t) for t in a]
    real_b = [kernel_did(t) for t in b]
    core_a, core_b = zip(*[predict(t, f"vm.{pair}") for t in a])
    for i, (what, wanted) in enumerate(WHAT):
        columns = [[run[i] for run in side] for side in (real_a, real_b, core_a, core_b)]
        sign, off, change = judge(*columns)
        rows.append({
            "kernel": kernel, "setting": pair, "what": what, "wanted_percent": wanted,
            "real_a": columns[0], "real_b": columns[1], "core_a": columns[2],
            "core_b": columns[3], "apart": apart(columns[0], columns[1]),
            "sign_right": sign, "off_percent": off, "spread_percent": spread(columns[1]),
            "change_off_percent": change,
        })
    return rows


def line(row):
    sign = {True: "yes", False: "**no**", None: "within the spread"}[row["sign_right"]]
    if row["apart"] is None:
        sign = "too few runs"
    off = "" if row["off_percent"] is None else f"{row['off_percent']:+.0f} %"
    if row["spread_percent"] and len(row["real_b"]) > 1:
        off += f" of {row['spread_percent']:.0f} %"
    return " | ".join([
        f"| {row['kernel']} | {row['setting']} | {row['what']}",
        f"{mean(row['real_a']):.0f} ({span(row['real_a'])})",
        f"{mean(row['real_b']):.0f} ({span(row['real_b'])})",
        f"{mean(row['core_a']):.0f}", f"{mean(row['core_b']):.0f} ({span(row['core_b'])})",
        sign, off, f"{row['change_off_percent']:+.0f} % |" if row["sign_right"] else "|"])


def main():
    folder, kernels, pairs = sys.argv[1], sys.argv[2].split(), sys.argv[3].split()
    rows = [row for kernel in kernels for pair in pairs for row in compare(folder, kernel, pair)]
    with open(os.path.join(folder, "ab.json"), "w", encoding="utf-8") as to:
        json.dump(rows, to, indent=1)
    print("| kernel | setting | what | real A | real B | core's A | core's B | sign right | core's B off by, of B's own spread | the change off by |")
    print("|--|--|--|--|--|--|--|--|--|--|")
    for row in rows:
        print(line(row))
    known = [row for row in rows if row["sign_right"] is not None]
    near = [row for row in known if row["off_percent"] is not None
            and abs(row["off_percent"]) <= row["wanted_percent"]]
    changes = [row for row in known if abs(row["change_off_percent"]) <= row["wanted_percent"]]
    print(f"\n{sum(row['sign_right'] for row in known)} of {len(known)} signs right where the "
          f"effect exceeds the spread; {len(near)} of these as near as wanted, {len(changes)} "
          "by the change")
    if known:
        runs = min((len(row["real_a"]), len(row["real_b"])) for row in known)
        print(f"With {runs[0]} and {runs[1]} runs two equal settings come apart in "
              f"{chance(*runs):.0f} % of the pairs")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
