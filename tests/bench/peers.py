"""Runs other programs on the votes that the bench program wrote, one repetition for each line it asks for.

python peers.py FOLDER reads FOLDER/votes.csv. Each line on stdin is the name of a task; the answer is one line of JSON,
{"seconds": s} or {"missing": why}. Only the task is timed; votes are in memory, as they are for the program itself.
"""

import contextlib
import importlib
import json
import os
import sys
import time
import types

FOLDER = sys.argv[1]
FEATURES = ["tokens", "headers", "lists", "bold"]


class Votes:
    """The votes in the forms that the programs take."""

    def __init__(self):
        import numpy as np
        import pandas as pd

        self.frame = pd.read_csv(os.path.join(FOLDER, "votes.csv"))
        both = pd.concat([self.frame.model_a, self.frame.model_b])
        codes, names = pd.factorize(both, sort=True)
        codes = codes.astype(np.uint64)  # the type that evalica takes without a copy
        half = len(self.frame)
        self.models = len(names)
        self.left, self.right = codes[:half], codes[half:]
        winner = {"model_a": 1, "model_b": 2}
        self.winners = self.frame.winner.map(lambda word: winner.get(word, 0)).to_numpy(dtype=np.uint8)
        self.weights = np.ones(half)


def arena_rank(votes):
    """Votes to ratings with sandwich intervals."""
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    columns = votes.frame[["model_a", "model_b", "winner"]]

    def run():
        data = PairDataset.from_pandas(columns)
        BradleyTerry(n_competitors=len(data.competitors)).compute_ratings_and_cis(data)

    return run


def arena_rank_style(votes):
    """The same with four features, as its default has it: reweighted, with a ridge of 1."""
    from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
    from arena_rank.utils.data_utils import ContextualPairDataset

    def run():
        data = ContextualPairDataset.from_pandas(votes.frame, feature_cols=FEATURES)
        model = ContextualBradleyTerry(n_competitors=len(data.competitors), n_features=len(FEATURES))
        model.compute_ratings_and_cis(data)

    return run


def evalica_core(votes):
    """Indexed votes to ratings, in Rust."""
    brzo = importlib.import_module("evalica._brzo")
    arguments = dict(total=votes.models, win_weight=1.0, tie_weight=0.5, tolerance=1e-6, limit=100)

    def run():
        brzo.bradley_terry(
            xs=votes.left, ys=votes.right, winners=votes.winners, weights=votes.weights, **arguments
        )

    return run


def evalica_api(votes):
    """Named votes to ratings."""
    import evalica

    winner = {"model_a": evalica.Winner.X, "model_b": evalica.Winner.Y}
    winners = votes.frame.winner.map(lambda word: winner.get(word, evalica.Winner.Draw))
    return lambda: evalica.bradley_terry(votes.frame.model_a, votes.frame.model_b, winners)


def fastchat_bootstrap(votes):
    """One resample of votes and its ratings."""
    # The file imports plots, servers and language models that its rating code does not use.
    names = ["plotly", "plotly.express", "fastchat.model", "fastchat.model.model_registry"]
    names += ["fastchat.serve.monitor.basic_stats", "fastchat.serve.monitor.clean_battle_data"]
    for name in names:
        sys.modules[name] = types.ModuleType(name)
    sys.modules["plotly"].express = sys.modules["plotly.express"]
    sys.modules["fastchat.model.model_registry"].get_model_info = None
    sys.modules["fastchat.serve.monitor.basic_stats"].get_log_files = None
    sys.modules["fastchat.serve.monitor.clean_battle_data"].clean_battle_data = None
    analysis = importlib.import_module("fastchat.serve.monitor.elo_analysis")
    columns = votes.frame[["model_a", "model_b", "winner"]].copy()
    columns["winner"] = columns.winner.replace("both_bad", "tie (bothbad)")
    rating = analysis.compute_elo_mle_with_tie
    return lambda: analysis.get_bootstrap_result(columns, rating, num_round=1)


TASKS = {
    task.__name__: task
    for task in [arena_rank, arena_rank_style, evalica_core, evalica_api, fastchat_bootstrap]
}


def main():
    answers = sys.stdout
    votes, ready = None, {}
    for line in sys.stdin:
        name = line.strip()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                votes = votes or Votes()
                if name not in ready:
                    ready[name] = TASKS[name](votes)
                start = time.perf_counter()
                ready[name]()
                answer = {"seconds": time.perf_counter() - start}
        except Exception as error:  # whatever is wrong with a peer, the others are still measured
            answer = {"missing": f"{name}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
