"""Expected maxima of exact.json to 30 digits, by Newton in 60 digits. Run here: python make_exact_cases.py (mpmath)."""
import json
import mpmath as mp

mp.mp.dps = 60
ELO = 400 / mp.log(10)


def terms(method, d, tau, w, l, t):
    """Log-likelihood of one pair; derivatives come from mpmath, not from a formula of their own."""
    if method == "bradley_terry":
        return -(w + t / 2) * mp.log(1 + mp.exp(-d)) - (l + t / 2) * mp.log(1 + mp.exp(d))
    if method == "davidson":
        z = mp.exp(d / 2) + mp.exp(-d / 2) + mp.exp(tau)
        return w * d / 2 - l * d / 2 + t * tau - (w + l + t) * mp.log(z)
    p, q = 1 / (1 + mp.exp(tau - d)), 1 / (1 + mp.exp(tau + d))
    tie = (mp.exp(2 * tau) - 1) * p * q
    return w * mp.log(p) + l * mp.log(q) + (t * mp.log(tie) if t else 0)


def slopes(method, d, tau, c):
    f = lambda x, y: terms(method, x, y, *c)
    g = [mp.diff(f, (d, tau), o) for o in ((1, 0), (0, 1))]
    h = [mp.diff(f, (d, tau), o) for o in ((2, 0), (1, 1), (0, 2))]
    return g, h


def fit(models, pairs, method, anchor=0):
    """Newton with the anchor's strength fixed at 0; steps are halved while the likelihood falls."""
    ties = method != "bradley_terry"
    free = [m for m in range(models) if m != anchor]
    size = len(free) + ties
    at = {m: k for k, m in enumerate(free)}
    x = mp.zeros(size, 1)
    if ties:
        x[size - 1] = mp.mpf("0.5")
    value = lambda x, m: x[at[m]] if m in at else mp.mpf(0)
    tau = lambda x: x[size - 1] if ties else mp.mpf(0)
    total = lambda x: sum(terms(method, value(x, i) - value(x, j), tau(x), *map(mp.mpf, c)) for i, j, *c in pairs)
    for _ in range(200):
        g, h = mp.zeros(size, 1), mp.zeros(size, size)
        for i, j, *c in pairs:
            gg, hh = slopes(method, value(x, i) - value(x, j), tau(x), list(map(mp.mpf, c)))
            signs = [(at[m], s) for m, s in ((i, 1), (j, -1)) if m in at]
            for a, s in signs:
                g[a] += s * gg[0]
                for b, r in signs:
                    h[a, b] += s * r * hh[0]
                if ties:
                    h[a, size - 1] += s * hh[1]
                    h[size - 1, a] += s * hh[1]
            if ties:
                g[size - 1] += gg[1]
                h[size - 1, size - 1] += hh[2]
        step = mp.lu_solve(h, g)
        length = mp.mpf(1)
        here = total(x)
        while length > mp.mpf(10) ** -9:
            after = x - length * step
            if (not ties or method == "davidson" or after[size - 1] > 0) and total(after) >= here:
                break
            length /= 2
        x = x - length * step
        if mp.norm(step, mp.inf) < mp.mpf(10) ** -20:
            break
    else:
        raise SystemExit("no convergence")
    b = [value(x, m) for m in range(models)]
    mean = sum(b) / models
    return [mp.nstr(1000 + ELO * (v - mean), 20) for v in b], mp.nstr(mp.exp(tau(x)), 18) if ties else None


def clique(first, counts):
    k = iter(counts)
    return [(first + i, first + j, *next(k)) for j in range(4) for i in range(j)]


BIG = [(41000, 23000, 9000), (900, 1200, 40), (70000, 1, 3), (15, 22, 8), (300, 100, 100), (1, 2, 1)]
SMALL = [(3, 1, 1), (1, 1, 0), (2, 5, 1), (1, 0, 2), (0, 1, 1), (4, 3, 3)]
CASES = {
    "cliques joined by two pairs that disagree": (8, clique(0, BIG) + clique(4, SMALL) + [(0, 4, 1, 0, 0), (3, 7, 0, 1, 0)]),
    "cliques of a million votes joined by one pair": (8, [(i, j, 10 * w, 10 * l, 10 * t) for i, j, w, l, t in clique(0, BIG) + clique(4, BIG[::-1])] + [(2, 5, 1, 2, 1)]),
    "a ring with one weak link": (9, [(i, i + 1, 50 + 17 * i, 49 + i, 5 + i) for i in range(8)] + [(8, 0, 1, 1, 0)]),
    "a chain with a shortcut": (12, [(i, i + 1, 3 + i % 2, 1 + i % 3, 1) for i in range(11)] + [(11, 0, 2, 1, 0)]),
    "a model known by one tie and one loss": (5, clique(0, BIG) + [(4, 0, 0, 1, 0), (4, 1, 0, 0, 1)]),
}
out = {}
for name, (models, pairs) in CASES.items():
    out[name] = dict(models=models, pairs=pairs)
    for method in ("bradley_terry", "davidson", "rao_kupper"):
        ratings, tie = fit(models, pairs, method)
        out[name][method] = dict(ratings=ratings, tie_parameter=tie)
json.dump(out, open("exact.json", "w"), indent=0)
