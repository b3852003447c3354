"""The kernels in CUDA C++, called through CuPy: same files, names and results as `reference`.

Arrays of the host are uploaded once and give arrays of the host. Arrays of a device (CuPy's, or any with the
CUDA array interface or DLPack) are taken where they lie and give CuPy arrays, so that one kernel's result is
the next one's input. What does not fit the device at once is counted in chunks of works.
"""
