"""llama.cpp's own HTTP server, as the package xllamacpp carries it: python llama_server.py MODEL KEY.

Prints its address once it answers and ends with its standard input.
"""
import sys

import xllamacpp

model, key = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = model
params.hostnames = ["127.0.0.1"]
params.port = 0
params.api_keys = [key]
params.n_ctx = 4096
params.n_parallel = 2
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("address", server.listening_address, flush=True)
sys.stdin.read()
