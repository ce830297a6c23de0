"""Run one function in several threads at the same moment, each with its own connection."""

import threading

from django.db import connection


def at_once(function, *, threads):
    """Return what each thread's call returned, or the exception it raised."""
    outcomes = []
    barrier = threading.Barrier(threads)

    def run(place):
        try:
            barrier.wait()
            outcomes.append(function(place))
        except Exception as error:  # noqa: BLE001  # the test looks at what came
            outcomes.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return outcomes
