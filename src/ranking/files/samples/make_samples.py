#!/usr/bin/env python3
"""Makes the Parquet samples beside this file; needs pyarrow 26.0.1.

    python3 make_samples.py FOLDER_WITH_SAMPLES_OF_COMPARIA
"""
import csv
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent


def comparia(folder):
    """The samples of compar:IA without what tells of a person."""
    for name in ["votes", "reactions"]:
        table = pq.read_table(folder / f"sample_comparia_{name}.parquet")
        table = table.drop_columns(["visitor_id", "session_hash"])
        pq.write_table(table, HERE / f"comparia_{name}.parquet", compression="zstd")


def same_votes():
    """The rows of votes.csv in every other format."""
    with open(HERE / "votes.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pa.Table.from_pylist(rows)
    for compression in ["none", "snappy", "gzip", "zstd"]:
        pq.write_table(table, HERE / f"votes_{compression}.parquet", compression=compression, row_group_size=100)
    (HERE / "votes.json").write_text(json.dumps(rows, indent=1))
    (HERE / "votes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def lmsys_140k():
    """Made-up votes with the nested columns of LMSYS 140k."""

    def metadata(tokens_a, tokens_b):
        kinds = {}
        for side, tokens in [("a", tokens_a), ("b", tokens_b)]:
            kinds[f"sum_assistant_{side}_tokens"] = tokens
            kinds[f"header_count_{side}"] = {f"h{level}": level % 2 for level in range(1, 7)}
            kinds[f"list_count_{side}"] = {"ordered": 2, "unordered": 5}
            kinds[f"bold_count_{side}"] = {"**": 4, "__": 1}
        return kinds

    def vote(number, winner):
        said = [{"role": "user", "content": [{"type": "text", "text": "# why"}]}]
        return {
            "id": f"vote-{number}",
            "model_a": "A",
            "model_b": "B",
            "winner": winner,
            "evaluation_session_id": f"session-{number // 2}",
            "evaluation_order": number % 2 + 1,
            "conversation_a": said,
            "conversation_b": said,
            "conv_metadata": metadata(100 + number, 50),
            "language": "en",
            "timestamp": f"2025-07-0{number + 1} 10:00:00",
        }

    winners = ["model_a", "model_b", "tie", "both_bad"]
    rows = [vote(number, winner) for number, winner in enumerate(winners)]
    pq.write_table(pa.Table.from_pylist(rows), HERE / "lmsys_140k.parquet", compression="snappy")


comparia(pathlib.Path(sys.argv[1]))
same_votes()
lmsys_140k()
