"""The kernels compiled by Numba: same files, names and results as `reference`.

They run in as many threads as Numba is set to: ``NUMBA_NUM_THREADS``, ``numba.set_num_threads``.
"""
