"""Expected numbers of llmfao/ and style/. Run here: python make_reference.py crowd-comparisons.csv (numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0)."""
import csv, json, sys
import numpy as np, scipy, statsmodels, statsmodels.api as sm

ELO = 400 / np.log(10)

def design(left, right, models):
    x = np.zeros((len(left), models))
    x[np.arange(len(left)), left] = 1
    x[np.arange(len(left)), right] = -1
    return x

def fit(left, right, y, models, extra=None, groups=None, weights=None):
    """GLM with the last model as reference, then moved to mean 0. Returns strengths, coefs, covariance of both."""
    x = design(left, right, models)[:, :-1]
    k = 0 if extra is None else extra.shape[1]
    if k:
        x = np.hstack([x, extra])
    model = sm.GLM(y, x, family=sm.families.Binomial(), freq_weights=weights)
    if groups is None:
        r = model.fit(cov_type="HC0", tol=1e-14, maxiter=100)
    else:
        r = model.fit(cov_type="cluster", cov_kwds=dict(groups=groups, use_correction=False, df_correction=False), tol=1e-14, maxiter=100)
    t = np.zeros((models + k, models - 1 + k))
    t[:models, :models - 1] = np.vstack([np.eye(models - 1), np.zeros(models - 1)]) - 1 / models
    t[models:, models - 1:] = np.eye(k)
    p, v = t @ r.params, t @ r.cov_params() @ t.T
    return p[:models], p[models:], v, r

def block(p, g, v, models):
    return dict(ratings=(1000 + ELO * p).tolist(), coefficients=g.tolist(),
                variances_natural=np.diag(v)[:models].tolist(),
                covariance_row_0=v[0, :models].tolist(),
                coefficient_errors=np.sqrt(np.diag(v)[models:]).tolist())

out = dict(versions=dict(numpy=np.__version__, scipy=scipy.__version__, statsmodels=statsmodels.__version__))
rows = list(csv.DictReader(open(sys.argv[1])))
ids = sorted({int(r[c]) for r in rows for c in ("model_x", "model_y")})
place = {m: i for i, m in enumerate(ids)}
left = np.array([place[int(r["model_x"])] for r in rows]); right = np.array([place[int(r["model_y"])] for r in rows])
y = np.array([dict(left=1.0, right=0.0, tie=0.5)[r["winner"]] for r in rows])
worker = np.array([int(r["worker"]) for r in rows]); prompt = np.array([int(r["prompt"]) for r in rows])
with open("./llmfao/votes.csv", "w") as f:
    f.write("model_x,model_y,winner,worker,prompt\n")
    for r in rows:
        f.write(",".join([r["model_x"], r["model_y"], r["winner"], r["worker"], r["prompt"]]) + "\n")
M = len(ids)
pos = np.ones((len(rows), 1))
both = np.column_stack([worker, prompt])
out["models"] = ids
for name, extra in (("plain", None), ("position", pos)):
    for cl, g in (("hc0", None), ("worker", worker), ("prompt", prompt), ("both", both)):
        p, gg, v, r = fit(left, right, y, M, extra, g)
        out[f"{name}_{cl}"] = dict(call=f"statsmodels GLM Binomial, {cl}, no correction", **block(p, gg, v, M))
json.dump(out, open("./llmfao/expected.json", "w"), indent=0)

# style
rng = np.random.default_rng(20241122)
S, MS, F = 1500, 8, 4
beta = np.linspace(-0.6, 0.6, MS); g = np.array([.6, .1, .08, .05])
lft = rng.integers(0, MS, S); rgt = (lft + rng.integers(1, MS, S)) % MS
scale = np.array([300, 3, 6, 5])
def counts(m):
    lam = scale * np.exp(.35 * (m[:, None] / MS) + rng.normal(0, .6, (S, F)))
    return rng.poisson(lam)
fa, fb = counts(lft), counts(rgt)
def z(d):
    return (d - d.mean(0)) / d.std(0)
plus = z((fa - fb) / (fa + fb + 1)); s = fa + fb
guard = z((fa - fb) / np.where(s == 0, 1, s))
eta = beta[lft] - beta[rgt] + plus @ g + 0.15
u = rng.random(S); nu = .6
up, dn = np.exp(eta / 2), np.exp(-eta / 2)
tot = up + dn + nu
win = np.where(u < up / tot, "model_a", np.where(u < (up + dn) / tot, "model_b", "tie"))
voter = rng.integers(0, 60, S)
ys = np.select([win == "model_a", win == "tie"], [1.0, .5], 0.0)
import os; os.makedirs("./style", exist_ok=True)
with open("./style/votes.csv", "w") as f:
    f.write("model_a,model_b,winner,voter,tokens_a,headers_a,lists_a,bold_a,tokens_b,headers_b,lists_b,bold_b\n")
    for i in range(S):
        f.write(",".join(map(str, [lft[i], rgt[i], win[i], voter[i], *fa[i], *fb[i]])) + "\n")
st = dict(versions=out["versions"], truth=dict(strengths=beta.tolist(), coefficients=g.tolist(), position=.15, nu=nu))
one = np.ones((S, 1))
for name, zz in (("fastchat", plus), ("arena_rank", guard)):
    st[name + "_first_features"] = zz[:3].tolist()
    for cl, gr in (("hc0", None), ("voter", voter)):
        for pn, ex in (("style", zz), ("style_position", np.hstack([zz, one]))):
            p, gg, v, r = fit(lft, rgt, ys, MS, ex, gr)
            st[f"{name}_{pn}_{cl}"] = dict(call="statsmodels GLM Binomial, no correction", **block(p, gg, v, MS))
p, gg, v, r = fit(lft, rgt, ys, MS)
st["raw"] = block(p, gg, v, MS)
json.dump(st, open("./style/expected.json", "w"), indent=0)
print(out["position_worker"]["coefficients"], out["position_worker"]["coefficient_errors"], out["position_hc0"]["coefficient_errors"])
print(st["fastchat_style_position_hc0"]["coefficients"], st["arena_rank_style_hc0"]["coefficients"])
