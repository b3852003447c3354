"""Tasks in other processes, of this machine or of many; of works and tables they know nothing.

A task is a function of a module, which a worker imports by its name. It takes an order and gives a result,
both of plain data: numbers, texts, bytes, and lists and dictionaries of these. The same order gives the same
result, so that what a worker that died was at can be done again elsewhere.
"""
